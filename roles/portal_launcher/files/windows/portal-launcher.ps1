# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Opens the RapidSOS Portal on a caller. Called by a CAD with the caller's number, or by a link of the scheme that the role registers.
#
# PowerShell 5.1 and the .NET Framework only; no module, no download, the same bytes on every position: allow-list it by its hash
# (--version prints it), or sign it. Every branch has its twin in the Linux program. Two rules keep secrets out of what Windows records:
# no cmdlet is ever given the password or the token (module logging writes down what cmdlets are given, not what methods are), and what is
# kept between two calls is sealed by DPAPI for this user, in a registry key that lives in memory until the user logs off.

if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    # Only cmdlets are allowed here, so no login can be made and no page be served: the plain login is opened.
    $sum = (Get-FileHash -LiteralPath $PSCommandPath -Algorithm SHA256).Hash
    if (-not ($args -contains '--check') -and -not ($args -contains '--version') -and -not ($args -contains '--help')) {
        Start-Process -FilePath (Join-Path -Path $PSScriptRoot -ChildPath 'portal-login.url')
    }
    $reason = 'portal-launcher: this position runs PowerShell in constrained language mode; allow {0} in AppLocker or App Control ' +
        'by its SHA-256 {1}, or sign it with a certificate that the position trusts'
    Write-Error ($reason -f $PSCommandPath, $sum) -ErrorAction Continue
    exit 3
}

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Version = '0.1.0'
$Usage = @'
Usage: portal-launcher [NUMBER | SCHEME:NUMBER | -]
       portal-launcher --check [--log-in]
       portal-launcher --version | --help

Opens the RapidSOS Portal on a caller in the default browser. "-" reads the number from standard input; without a number the
Portal's login page is opened.

  --check                verify configuration, account, TLS and the handler of links; with --log-in, log in once too
  --version              print the version and the SHA-256 of this program, for allow-listing
  --configuration PATH   read PATH instead of C:\ProgramData\PortalLauncher\launcher.ini

Exit codes: 0 opened on the caller; 1 unexpected; 2 number or usage refused; 3 configuration or account unusable;
4 login refused; 5 service unreachable, slow, not trusted or not understood; 6 no browser could be started.
'@

$LoginPath = '/v1/scorpius/user/api-token-auth'
$SessionSeconds = 3600
$RefusalSeconds = 900
$OpenSeconds = 10
$FormSeconds = 120
$FallbackSeconds = 1.5
$RequestBytes = 16384
$AnswerBytes = 1048576
$DefaultLoginUrl = 'https://rapidsosportal.com/login'
$UrlPattern = '^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/%-]*)?\z'
$TokenPattern = '^[\x21-\x7e]{1,16384}\z'
$ParameterPattern = '^[A-Za-z0-9_.-]{1,64}\z'
$SchemePattern = '^[a-z][a-z0-9.+-]{1,63}\z'
$NumberPattern = '^[1-9][0-9]{10,14}\z'
$ExtensionPattern = '#|x|ext|;'
$CharactersPattern = '^\+?[0-9 ().\-/\t]+\z'
$StatePath = 'Software\PortalLauncher'
$Entropy = [System.Text.Encoding]::ASCII.GetBytes('eccops.rapid portal-launcher')
$Utf8 = [System.Text.UTF8Encoding]::new($false)
$Clock = [System.Diagnostics.Stopwatch]::StartNew()

# Section and key, the value when the file does not name it ('' stands for required in [portal]), and what a value must match.
$Keys = [ordered]@{
    'portal.api_url' = @('', $UrlPattern)
    'portal.query_url' = @('', $UrlPattern)
    'portal.login_url' = @('', $UrlPattern)
    'portal.query_token_parameter' = @('access_token', $ParameterPattern)
    'portal.ca_path' = @('', '^\z')
    'account.source' = @('position', '^(position|user|command)\z')
    'account.command' = @('', '')
    'session.minimum_remaining_seconds' = @('600', '^[0-9]{1,4}\z')
    'session.login_timeout_seconds' = @('3', '^[1-4]\z')
    'caller.country_code' = @('1', '^[1-9][0-9]{0,2}\z')
    'caller.national_number_digits' = @('10', '^([4-9]|1[0-4])\z')
    'caller.pattern' = @('', '')
    'caller.url_scheme' = @('eccops-portal', $SchemePattern)
    'browser.command' = @('', '')
}

# A failure that the dispatcher and the site are told about: an exit code and a reason in plain words.
function New-Failure([int]$Code, [string]$Reason) {
    $failure = [System.InvalidOperationException]::new($Reason)
    $failure.Data['PortalLauncherCode'] = $Code
    return $failure
}

function Get-FailureCode([System.Exception]$Failure) {
    if ($null -ne $Failure.Data['PortalLauncherCode']) { return [int]$Failure.Data['PortalLauncherCode'] }
    return 1
}

function Get-FailureReason([System.Exception]$Failure) {
    if ((Get-FailureCode $Failure) -ne 1) { return $Failure.Message }
    return 'something unexpected happened in the launcher (' + $Failure.GetBaseException().GetType().Name + ')'
}

function Get-Now {
    return [long][System.Math]::Floor(([System.DateTime]::UtcNow - [System.DateTime]::new(1970, 1, 1)).TotalSeconds)
}

# ---- configuration

function Read-Configuration([string]$Path) {
    if (-not [System.IO.File]::Exists($Path)) {
        throw (New-Failure 3 ('the configuration ' + $Path + ' is missing; run the role portal_launcher again'))
    }
    try { $lines = [System.IO.File]::ReadAllLines($Path, $Utf8) }
    catch { throw (New-Failure 3 ('the configuration ' + $Path + ' cannot be read; check its access rights')) }
    return (ConvertFrom-Configuration $lines $Path)
}

# Returns a table "section.key" -> value with every key, checked.
function ConvertFrom-Configuration([string[]]$Lines, [string]$Path) {
    $settings = @{}
    $section = ''
    foreach ($line in $Lines) {
        $text = $line.Trim()
        if ($text -eq '' -or $text.StartsWith('#')) { continue }
        if ($text -cmatch '^\[([a-z]+)\]\z') {
            $section = $Matches[1]
            if (-not (@('portal', 'account', 'session', 'caller', 'browser') -ccontains $section)) {
                throw (New-Failure 3 ($Path + ' has the section [' + $section + '], which the launcher does not know'))
            }
            continue
        }
        if (-not ($text -cmatch '^([a-z_]+)\s*=\s*(.*)\z')) { throw (New-Failure 3 ($Path + ' has a line that is not "key = value": ' + $text)) }
        $key = $section + '.' + $Matches[1]
        $value = $Matches[2].Trim()
        if (-not $Keys.Contains($key)) { throw (New-Failure 3 ($Path + ' has the key ' + $key + ', which the launcher does not know')) }
        if ($settings.ContainsKey($key)) { throw (New-Failure 3 ($Path + ' has the key ' + $key + ' twice')) }
        $settings[$key] = $value
    }
    foreach ($key in $Keys.Keys) {
        if (-not $settings.ContainsKey($key) -or ($settings[$key] -eq '' -and $Keys[$key][0] -ne '')) { $settings[$key] = $Keys[$key][0] }
        if ($key -eq 'portal.ca_path' -and $settings[$key] -ne '') {
            throw (New-Failure 3 ($Path + ': portal.ca_path cannot be used on Windows; put the CA into the machine''s store of trusted root authorities'))
        }
        if (-not ($settings[$key] -cmatch $Keys[$key][1])) {
            throw (New-Failure 3 ($Path + ': ' + $key + ' is missing or unusable; see the role''s documentation'))
        }
    }
    if ($settings['account.source'] -ceq 'command' -and $settings['account.command'] -eq '') {
        throw (New-Failure 3 ($Path + ': account.command is missing, which account.source = command needs'))
    }
    try { [void][System.Text.RegularExpressions.Regex]::new($settings['caller.pattern']) }
    catch { throw (New-Failure 3 ($Path + ': caller.pattern is not a regular expression')) }
    return $settings
}

# Splits by a shell's rules: blanks part, quotes keep together, a backslash before a quote or outside of quotes takes the next as it is.
function Split-Command([string]$Text) {
    $words = [System.Collections.Generic.List[string]]::new()
    $word = ''
    $is_in_word = $false
    $quote = ''
    for ($index = 0; $index -lt $Text.Length; $index++) {
        $character = $Text.Substring($index, 1)
        $next = ''
        if ($index + 1 -lt $Text.Length) { $next = $Text.Substring($index + 1, 1) }
        if ($quote -eq "'") {
            if ($character -eq "'") { $quote = '' } else { $word += $character }
        }
        elseif ($quote -eq '"') {
            if ($character -eq '"') { $quote = '' }
            elseif ($character -eq '\' -and ($next -eq '"' -or $next -eq '\')) { $word += $next; $index++ }
            else { $word += $character }
        }
        elseif ($character -eq "'" -or $character -eq '"') { $quote = $character; $is_in_word = $true }
        elseif ($character -eq '\') { $word += $next; $is_in_word = $true; $index++ }
        elseif ($character -eq ' ' -or $character -eq "`t") {
            if ($is_in_word) { $words.Add($word) }
            $word = ''
            $is_in_word = $false
        }
        else { $word += $character; $is_in_word = $true }
    }
    if ($quote -ne '') { throw (New-Failure 3 'a command of the configuration has a quote that is not closed') }
    if ($is_in_word) { $words.Add($word) }
    return , $words.ToArray()
}

# Returns one argument as the C runtime of a Windows program reads it back.
function ConvertTo-Argument([string]$Text) {
    if ($Text -match '^[A-Za-z0-9_.:/\\=-]+\z') { return $Text }
    $escaped = [System.Text.RegularExpressions.Regex]::Replace($Text, '(\\*)"', '$1$1\"')
    $escaped = [System.Text.RegularExpressions.Regex]::Replace($escaped, '(\\+)\z', '$1$1')
    return '"' + $escaped + '"'
}

# ---- the caller's number

# Returns what is shown to people of a text that may be hostile: one short line.
function Get-ShownNumber([string]$Text) {
    $shown = [System.Text.RegularExpressions.Regex]::Replace($Text, '[^\x20-\x7e]', '?').Trim()
    if ($shown.Length -gt 64) { return $shown.Substring(0, 64) + '...' }
    return $shown
}

# Returns the number inside SCHEME:NUMBER or SCHEME://NUMBER/, or the text as it is.
function Get-NumberText([string]$Text, [string]$Scheme) {
    $text_of_number = $Text.Trim()
    $start = $Scheme + ':'
    if (-not $text_of_number.ToLowerInvariant().StartsWith($start, [System.StringComparison]::Ordinal)) { return $text_of_number }
    $text_of_number = $text_of_number.Substring($start.Length)
    if ($text_of_number.StartsWith('//', [System.StringComparison]::Ordinal)) { $text_of_number = $text_of_number.Substring(2) }
    return [System.Uri]::UnescapeDataString($text_of_number).TrimEnd('/').Trim()
}

# Returns the digits that the Portal wants, country code included, 11 to 15 of them.
function ConvertTo-CallerId([string]$Text, [hashtable]$Settings) {
    $number = $Text
    if ($Settings['caller.pattern'] -ne '') {
        $found = [System.Text.RegularExpressions.Regex]::Match($Text, $Settings['caller.pattern'])
        if ($found.Success) {
            $number = $found.Value
            if ($found.Groups.Count -gt 1 -and $found.Groups[1].Success) { $number = $found.Groups[1].Value }
        }
    }
    $number = $number.Trim()
    $code = $Settings['caller.country_code']
    $national = [int]$Settings['caller.national_number_digits']
    if ($number -match $ExtensionPattern) { throw (New-Failure 2 'the number carries an extension, which the Portal cannot look up') }
    if (-not ($number -cmatch $CharactersPattern)) { throw (New-Failure 2 'this is not a phone number') }
    $digits = [System.Text.RegularExpressions.Regex]::Replace($number, '[^0-9]', '')
    if ($number.StartsWith('+')) { $caller = $digits }
    elseif ($digits.StartsWith('011')) { $caller = $digits.Substring(3) }
    elseif ($digits.StartsWith('00')) { $caller = $digits.Substring(2) }
    elseif ($digits.Length -eq $national) { $caller = $code + $digits }
    elseif ($digits.Length -eq $national + $code.Length -and $digits.StartsWith($code)) { $caller = $digits }
    else { throw (New-Failure 2 ('the number has ' + $digits.Length + ' digits, where ' + $national + ' or a country code before them are expected')) }
    if (-not ($caller -cmatch $NumberPattern)) { throw (New-Failure 2 'the number does not have 11 to 15 digits with its country code') }
    return $caller
}

# ---- secrets: only methods of .NET, never a cmdlet

function Get-Digest([string]$Text) {
    $algorithm = [System.Security.Cryptography.SHA256]::Create()
    try { return [System.BitConverter]::ToString($algorithm.ComputeHash($Utf8.GetBytes($Text))).Replace('-', '').ToLowerInvariant() }
    finally { $algorithm.Dispose() }
}

# What DPAPI sealed for the scope CurrentUser or LocalMachine; the entropy is the role's too.
function Unprotect-Text([byte[]]$Sealed, [System.Security.Cryptography.DataProtectionScope]$Scope) {
    return $Utf8.GetString([System.Security.Cryptography.ProtectedData]::Unprotect($Sealed, $Entropy, $Scope))
}

# What is kept between two calls: sealed for this user, in a volatile key (in memory only, gone when the user logs off).
function Read-State([string]$Name) {
    $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey($StatePath)
    if ($null -eq $key) { return '' }
    try {
        $sealed = $key.GetValue($Name)
        if ($null -eq $sealed) { return '' }
        return (Unprotect-Text ([byte[]]$sealed) 'CurrentUser')
    }
    catch { return '' }
    finally { $key.Dispose() }
}

function Write-State([string]$Name, [string]$Text) {
    try {
        $scope = [System.Security.Cryptography.DataProtectionScope]::CurrentUser
        $sealed = [System.Security.Cryptography.ProtectedData]::Protect($Utf8.GetBytes($Text), $Entropy, $scope)
        $may_write = [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree
        $key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey($StatePath, $may_write, [Microsoft.Win32.RegistryOptions]::Volatile)
        try { $key.SetValue($Name, [byte[]]$sealed, [Microsoft.Win32.RegistryValueKind]::Binary) }
        finally { $key.Dispose() }
    }
    catch { Write-Line 'what this call learned cannot be kept for the next one' }
}

function Remove-State([string]$Name) {
    $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey($StatePath, $true)
    if ($null -eq $key) { return }
    try { $key.DeleteValue($Name, $false) }
    finally { $key.Dispose() }
}

# Returns a table of a JSON object, or $null for anything else. The serializer is a method; ConvertFrom-Json would be a cmdlet.
function ConvertFrom-JsonText([string]$Text) {
    try { $value = [System.Web.Script.Serialization.JavaScriptSerializer]::new().DeserializeObject($Text) }
    catch { return $null }
    if ($value -is [System.Collections.Generic.Dictionary[string, object]]) { return $value }
    return $null
}

# Returns the JSON of an account, by methods only: ConvertTo-Json would be a cmdlet.
function ConvertTo-AccountText([string]$Email, [string]$Password) {
    return '{"email":' + [System.Web.HttpUtility]::JavaScriptStringEncode($Email, $true) +
        ',"password":' + [System.Web.HttpUtility]::JavaScriptStringEncode($Password, $true) + '}'
}

# Returns @{Email; Password}; raises a failure that names where the account came from.
function ConvertFrom-Account([string]$Text, [string]$Where) {
    $fields = ConvertFrom-JsonText $Text
    if ($null -eq $fields -or -not $fields.ContainsKey('email') -or -not $fields.ContainsKey('password') -or
        -not ($fields['email'] -is [string]) -or -not ($fields['password'] -is [string]) -or $fields['email'] -eq '' -or $fields['password'] -eq '') {
        throw (New-Failure 3 ($Where + ' does not give an e-mail address and a password'))
    }
    return @{ Email = $fields['email']; Password = $fields['password'] }
}

function Read-PositionAccount([string]$Path) {
    if (-not [System.IO.File]::Exists($Path)) { throw (New-Failure 3 ('the account ' + $Path + ' is missing; run the role portal_launcher again')) }
    try { $sealed = [System.IO.File]::ReadAllBytes($Path) }
    catch { throw (New-Failure 3 ('the account ' + $Path + ' may not be read by this user; add the user to the group portal_launcher_group')) }
    try { $text = Unprotect-Text ([byte[]]$sealed) 'LocalMachine' }
    catch { throw (New-Failure 3 ('the account ' + $Path + ' was not sealed on this machine; run the role again')) }
    return (ConvertFrom-Account $text $Path)
}

function Read-CommandAccount([string]$Command) {
    $words = Split-Command $Command
    $start = [System.Diagnostics.ProcessStartInfo]::new()
    $start.FileName = $words[0]
    for ($index = 1; $index -lt $words.Length; $index++) { $start.Arguments += ' ' + (ConvertTo-Argument $words[$index]) }
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.StandardOutputEncoding = $Utf8
    try { $process = [System.Diagnostics.Process]::Start($start) }
    catch { throw (New-Failure 3 ('the program of account.command cannot be started: ' + $words[0])) }
    $process.StandardInput.Close()
    $reading = $process.StandardOutput.ReadToEndAsync()
    if (-not (Test-Done $reading) -or -not $process.WaitForExit(500)) {
        try { $process.Kill() } catch { Write-Line 'the program of account.command could not be ended' }
        throw (New-Failure 3 ('the program of account.command was not done in time: ' + $words[0]))
    }
    if ($process.ExitCode -ne 0) { throw (New-Failure 3 ('the program of account.command ended with code ' + $process.ExitCode + ': ' + $words[0])) }
    return (ConvertFrom-Account $reading.Result 'the program of account.command')
}

# ---- login

# Milliseconds until an instant of the stopwatch, for waiting; never negative.
function Get-Remaining([long]$Milliseconds) {
    return [int][System.Math]::Max(0, $Milliseconds - $Clock.ElapsedMilliseconds)
}

# Whether a task of .NET's is done, well or badly, before the login's deadline. It is hard: nothing that happens on the line extends it.
function Test-Done([System.Threading.Tasks.Task]$Task) {
    return ([System.Threading.Tasks.Task]::WaitAny([System.Threading.Tasks.Task[]]@($Task), (Get-Remaining $LoginDeadline)) -ge 0)
}

# Returns the answer @{Status; Body} of the login, tried once; the deadline is hard, also against an answer that drips.
function Send-Login([hashtable]$Settings, [hashtable]$Account) {
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]::Tls12
    [System.Net.ServicePointManager]::Expect100Continue = $false
    $handler = [System.Net.Http.HttpClientHandler]::new()
    $handler.AllowAutoRedirect = $false
    $handler.UseCookies = $false
    $client = [System.Net.Http.HttpClient]::new($handler)
    $client.MaxResponseContentBufferSize = $AnswerBytes
    $client.DefaultRequestHeaders.Add('User-Agent', 'eccops.rapid-portal-launcher/' + $Version)
    $client.DefaultRequestHeaders.Add('Accept', 'application/json')
    $content = [System.Net.Http.ByteArrayContent]::new($Utf8.GetBytes((ConvertTo-AccountText $Account.Email $Account.Password)))
    $content.Headers.Add('Content-Type', 'application/json')
    $sending = $client.PostAsync([System.Uri]::new($Settings['portal.api_url'].TrimEnd('/') + $LoginPath), $content)
    if (-not (Test-Done $sending)) {
        $client.CancelPendingRequests()
        throw (New-Failure 5 'the Portal''s login did not answer in time')
    }
    if ($sending.IsFaulted -or $sending.IsCanceled) { throw (New-Failure 5 (Get-ConnectionReason $sending.Exception)) }
    return @{ Status = [int]$sending.Result.StatusCode; Body = $Utf8.GetString($sending.Result.Content.ReadAsByteArrayAsync().Result) }
}

# Says in plain words why no answer came.
function Get-ConnectionReason([System.Exception]$Failure) {
    $status = ''
    $cause = $Failure
    while ($null -ne $cause) {
        if ($cause -is [System.Net.WebException]) { $status = $cause.Status.ToString() }
        $cause = $cause.InnerException
    }
    if ($status -eq 'NameResolutionFailure') { return 'the Portal''s name cannot be resolved (DNS)' }
    if ($status -eq 'TrustFailure' -or $status -eq 'SecureChannelFailure') { return 'the Portal''s certificate is not trusted, or TLS failed' }
    return 'the Portal''s login cannot be reached'
}

# Returns the token of an answer; raises the failure that its status tells, since the texts of the answers are not documented.
function Get-AnsweredToken([int]$Status, [string]$Body) {
    if ($Status -eq 401) { throw (New-Failure 4 'the Portal refused the login: the password is wrong or the account is locked') }
    if ($Status -eq 403 -or $Status -eq 423) { throw (New-Failure 4 'the Portal refused the login: the account is locked or may not log in') }
    if ($Status -eq 429) { throw (New-Failure 5 'the Portal has too many logins at the moment (HTTP 429)') }
    if ($Status -ge 400 -and $Status -lt 500) { throw (New-Failure 4 ('the Portal refused the login (HTTP ' + $Status + ')')) }
    if ($Status -lt 200 -or $Status -ge 300) { throw (New-Failure 5 ('the Portal has trouble (HTTP ' + $Status + ')')) }
    $fields = ConvertFrom-JsonText $Body
    $has_token = $null -ne $fields -and $fields.ContainsKey('token') -and $fields['token'] -is [string]
    if (-not $has_token -or -not ($fields['token'] -cmatch $TokenPattern)) {
        throw (New-Failure 5 'the Portal''s login answered something that is not understood')
    }
    return $fields['token']
}

# Returns the second since 1970 at which the token ends: the JWT's exp (seconds, or milliseconds above 1e11), an hour at the most.
function Get-TokenEnd([string]$Token, [long]$Now) {
    $latest = $Now + $SessionSeconds
    $segments = $Token.Split('.')
    if ($segments.Length -ne 3) { return $latest }
    $text = $segments[1].Replace('-', '+').Replace('_', '/')
    while ($text.Length % 4 -ne 0) { $text += '=' }
    try { $claims = ConvertFrom-JsonText ($Utf8.GetString([System.Convert]::FromBase64String($text))) }
    catch { return $latest }
    if ($null -eq $claims -or -not $claims.ContainsKey('exp')) { return $latest }
    $end = $claims['exp']
    if (-not ($end -is [int] -or $end -is [long] -or $end -is [decimal] -or $end -is [double])) { return $latest }
    $end = [double]$end
    if ($end -gt 1e11) { $end = [System.Math]::Floor($end / 1000) }
    if ($end -ge $latest) { return $latest }
    return [long][System.Math]::Floor([System.Math]::Max(0, $end))
}

# Returns the token of this user's session, or that of one login. Whoever waits for another call's login takes its token.
function Get-Token([hashtable]$Settings, [string]$Directory) {
    $mutex = [System.Threading.Mutex]::new($false, 'Local\PortalLauncher')
    $is_owner = $false
    try {
        try { $is_owner = $mutex.WaitOne((Get-Remaining $LoginDeadline)) }
        catch [System.Threading.AbandonedMutexException] { $is_owner = $true }
        if (-not $is_owner) { throw (New-Failure 5 'another call is still logging in') }
        return (Get-TokenAlone $Settings $Directory)
    }
    finally {
        if ($is_owner) { $mutex.ReleaseMutex() }
        $mutex.Dispose()
    }
}

function Get-TokenAlone([hashtable]$Settings, [string]$Directory) {
    $source = $Settings['account.source']
    $account = $null
    # What a token is bound to; for a program of the site's it is the command, so that it runs for a login only.
    $binding = $Settings['account.command']
    if ($source -ceq 'position') { $account = Read-PositionAccount ([System.IO.Path]::Combine($Directory, 'account.dpapi')) }
    if ($source -ceq 'user') {
        $kept = Read-State 'account'
        if ($kept -ne '') { $account = ConvertFrom-Account $kept 'the account that was typed' }
    }
    if ($null -ne $account) { $binding = $account.Email + "`n" + $account.Password }
    $owner = Get-Digest ($Settings['portal.api_url'] + "`n" + $source + "`n" + $binding)
    $token = Get-KeptToken (Read-State 'token') $owner (Get-Now) ([int]$Settings['session.minimum_remaining_seconds'])
    if ($token -ne '') { return $token }
    if ($source -ceq 'command') { $account = Read-CommandAccount $Settings['account.command'] }
    if ($null -eq $account) {
        $typed = Read-TypedAccount $Settings
        $account = ConvertFrom-Account $typed 'the form'
        $owner = Get-Digest ($Settings['portal.api_url'] + "`n" + $source + "`n" + $account.Email + "`n" + $account.Password)
    }
    $refusal_of = Get-Digest ($Settings['portal.api_url'] + "`n" + $account.Email + "`n" + $account.Password)
    if (Test-Refused (Read-State 'refused') $refusal_of (Get-Now)) {
        throw (New-Failure 4 'the Portal refused this account in the last 15 minutes; it is not tried again before then, so that it is not locked')
    }
    $now = Get-Now
    $answer = Send-Login $Settings $account
    try { $token = Get-AnsweredToken $answer.Status $answer.Body }
    catch {
        if ((Get-FailureCode $_.Exception) -eq 4) {
            Write-State 'refused' ($refusal_of + "`n" + ($now + $RefusalSeconds))
            Remove-State 'account'
        }
        throw
    }
    if ($source -ceq 'user') { Write-State 'account' (ConvertTo-AccountText $account.Email $account.Password) }
    Write-State 'token' ($owner + "`n" + (Get-TokenEnd $token $now) + "`n" + $token)
    return $token
}

# Returns the token of a kept state "owner, end, token", or '' when it is another account's, ends too soon or is no such state.
function Get-KeptToken([string]$State, [string]$Owner, [long]$Now, [int]$MinimumRemaining) {
    $lines = $State.Split("`n")
    if ($lines.Length -ne 3 -or $lines[0] -cne $Owner) { return '' }
    if (-not ($lines[1] -cmatch '^[0-9]{1,12}\z') -or -not ($lines[2] -cmatch $TokenPattern)) { return '' }
    $remaining = [long]$lines[1] - $Now
    if ($remaining -le $MinimumRemaining -or $remaining -gt $SessionSeconds) { return '' }
    return $lines[2]
}

# Whether a kept state "account, until" says that this very account was refused, and not long enough ago.
function Test-Refused([string]$State, [string]$Account, [long]$Now) {
    $lines = $State.Split("`n")
    if ($lines.Length -ne 2 -or $lines[0] -cne $Account -or -not ($lines[1] -cmatch '^[0-9]{1,12}\z')) { return $false }
    $remaining = [long]$lines[1] - $Now
    return ($remaining -gt 0 -and $remaining -le $RefusalSeconds)
}

# ---- loopback pages

function New-Nonce {
    $bytes = [byte[]]::new(24)
    $generator = [System.Security.Cryptography.RandomNumberGenerator]::Create()
    try { $generator.GetBytes($bytes) }
    finally { $generator.Dispose() }
    return [System.BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant()
}

function Start-Loopback {
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.ExclusiveAddressUse = $true
    $listener.Start()
    return @{ Listener = $listener; Port = $listener.LocalEndpoint.Port; Open = [System.Collections.ArrayList]::new() }
}

function Stop-Loopback([hashtable]$Server) {
    foreach ($visitor in $Server.Open) { $visitor.Client.Close() }
    $Server.Listener.Stop()
}

# Returns the next whole request as a visitor @{Client; Text}, or $null at the deadline. Browsers also connect and say nothing.
function Receive-Request([hashtable]$Server, [long]$Deadline) {
    $buffer = [byte[]]::new($RequestBytes)
    while ($Clock.ElapsedMilliseconds -lt $Deadline) {
        while ($Server.Listener.Pending()) { [void]$Server.Open.Add(@{ Client = $Server.Listener.AcceptTcpClient(); Text = '' }) }
        foreach ($visitor in @($Server.Open)) {
            try {
                while ($visitor.Client.Available -gt 0 -and $visitor.Text.Length -lt $RequestBytes) {
                    $count = $visitor.Client.GetStream().Read($buffer, 0, $buffer.Length)
                    $visitor.Text += [System.Text.Encoding]::ASCII.GetString($buffer, 0, $count)
                }
            }
            catch { $visitor.Text = 'BROKEN' }
            if ($visitor.Text -ceq 'BROKEN' -or $visitor.Text.Length -ge $RequestBytes) {
                $Server.Open.Remove($visitor)
                $visitor.Client.Close()
            }
            elseif (Test-WholeRequest $visitor.Text) {
                $Server.Open.Remove($visitor)
                return $visitor
            }
        }
        Start-Sleep -Milliseconds 5
    }
    return $null
}

function Get-Header([string]$Text, [string]$Name) {
    $found = [System.Text.RegularExpressions.Regex]::Match($Text, '(?i)\r\n' + $Name + ':[ \t]*([^\r\n]*?)[ \t]*\r\n')
    if ($found.Success) { return $found.Groups[1].Value }
    return ''
}

function Test-WholeRequest([string]$Text) {
    $end = $Text.IndexOf("`r`n`r`n", [System.StringComparison]::Ordinal)
    if ($end -lt 0) { return $false }
    $length = Get-Header $Text 'Content-Length'
    if (-not ($length -cmatch '^[0-9]{1,5}\z')) { return $true }
    return ($Text.Length - $end - 4 -ge [int]$length)
}

# Returns the HTTP status that a request deserves: 200 for the page that was asked for rightly. The order is the Linux program's.
function Get-Verdict([string]$Text, [int]$Port, [string]$Method, [string]$Path) {
    $line = $Text.Split("`r")[0]
    if ((Get-Header $Text 'Host') -cne ('127.0.0.1:' + $Port)) { return 403 }
    if (-not $line.StartsWith($Method + ' ', [System.StringComparison]::Ordinal)) { return 405 }
    if ($Method -ceq 'POST' -and (Get-Header $Text 'Origin') -cne ('http://127.0.0.1:' + $Port)) { return 403 }
    if ($line -cne ($Method + ' ' + $Path + ' HTTP/1.1')) { return 404 }
    return 200
}

function Send-Answer($Visitor, [string]$Status, [string]$Headers, [string]$Page) {
    $body = $Utf8.GetBytes($Page)
    $head = 'HTTP/1.1 ' + $Status + "`r`n" + $Headers + 'Content-Length: ' + $body.Length + "`r`n" +
        "Content-Type: text/html; charset=utf-8`r`nCache-Control: no-store`r`nReferrer-Policy: no-referrer`r`nX-Content-Type-Options: nosniff`r`n" +
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'`r`n" +
        "Connection: close`r`n`r`n"
    try {
        $Visitor.Client.SendTimeout = 1000
        $stream = $Visitor.Client.GetStream()
        $bytes = $Utf8.GetBytes($head)
        $stream.Write($bytes, 0, $bytes.Length)
        $stream.Write($body, 0, $body.Length)
        $stream.Flush()
        $Visitor.Client.Client.Shutdown([System.Net.Sockets.SocketShutdown]::Send)
    }
    catch { Write-Line 'the browser closed its connection too early' }
    finally { $Visitor.Client.Close() }
}

# Answers everything but the one right request; returns its visitor, or $null at the deadline.
function Wait-Visitor([hashtable]$Server, [string]$Method, [string]$Path, [long]$Deadline) {
    while ($true) {
        $visitor = Receive-Request $Server $Deadline
        if ($null -eq $visitor) { return $null }
        $verdict = Get-Verdict $visitor.Text $Server.Port $Method $Path
        if ($verdict -eq 200) { return $visitor }
        if ($verdict -eq 403) { Send-Answer $visitor '403 Forbidden' '' '' }
        elseif ($verdict -eq 405) { Send-Answer $visitor '405 Method Not Allowed' '' '' }
        else { Send-Answer $visitor '404 Not Found' '' '' }
    }
}

function Get-Page([string]$Title, [string]$Content) {
    return '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>' + [System.Net.WebUtility]::HtmlEncode($Title) + '</title>' +
        '<style>body{font:18px/1.5 "Segoe UI",sans-serif;margin:12vh auto;max-width:36rem;padding:0 1rem}h1{font-size:2.6rem}</style></head><body><h1>' +
        [System.Net.WebUtility]::HtmlEncode($Title) + '</h1>' + $Content + '</body></html>'
}

# Opens a URL in the configured or the default browser. It is the loopback's or a page without secrets: it shows in the process list.
function Start-Browser([string]$Url, [string]$Command) {
    try {
        if ($Command -eq '') { Start-Process -FilePath $Url }
        else {
            $words = Split-Command $Command
            $start = [System.Diagnostics.ProcessStartInfo]::new()
            $start.FileName = $words[0]
            for ($index = 1; $index -lt $words.Length; $index++) { $start.Arguments += (ConvertTo-Argument $words[$index]) + ' ' }
            $start.Arguments += ConvertTo-Argument $Url
            $start.UseShellExecute = $true
            [void][System.Diagnostics.Process]::Start($start)
        }
    }
    catch { throw (New-Failure 6 'no browser could be started') }
}

# Opens the browser on a one-shot address that redirects to the Portal, opened on the caller.
function Open-Caller([hashtable]$Settings, [string]$Caller, [string]$Token) {
    $target = $Settings['portal.query_url'].TrimEnd('/') + '?caller_id=' + $Caller +
        '&' + $Settings['portal.query_token_parameter'] + '=' + [System.Uri]::EscapeDataString($Token)
    $path = '/' + (New-Nonce)
    $server = Start-Loopback
    try {
        Start-Browser ('http://127.0.0.1:' + $server.Port + $path) $Settings['browser.command']
        $visitor = Wait-Visitor $server 'GET' $path ($Clock.ElapsedMilliseconds + 1000 * $OpenSeconds)
        if ($null -eq $visitor) { throw (New-Failure 6 'the browser did not open the Portal in time') }
        Send-Answer $visitor '302 Found' ('Location: ' + $target + "`r`n") ''
    }
    finally { Stop-Loopback $server }
}

# Returns the JSON text of an account typed into a one-shot form.
function Read-TypedAccount([hashtable]$Settings) {
    $path = '/' + (New-Nonce)
    $sent = '/' + (New-Nonce)
    $server = Start-Loopback
    try {
        Start-Browser ('http://127.0.0.1:' + $server.Port + $path) $Settings['browser.command']
        $deadline = $Clock.ElapsedMilliseconds + 1000 * $FormSeconds
        $visitor = Wait-Visitor $server 'GET' $path $deadline
        if ($null -eq $visitor) { throw (New-Failure 3 'nobody opened the form for the Portal account') }
        $form = '<form method="post" action="' + $sent + '" autocomplete="off">' +
            '<p><label>E-mail<br><input name="email" type="email" required autofocus></label></p>' +
            '<p><label>Password<br><input name="password" type="password" required></label></p><p><button>Log in</button></p></form>' +
            '<p>It is kept, sealed, until you log off from Windows.</p>'
        Send-Answer $visitor '200 OK' '' (Get-Page 'Portal account' $form)
        $visitor = Wait-Visitor $server 'POST' $sent $deadline
        if ($null -eq $visitor) { throw (New-Failure 3 'nobody filled in the form for the Portal account') }
        $body = $visitor.Text.Substring($visitor.Text.IndexOf("`r`n`r`n", [System.StringComparison]::Ordinal) + 4)
        Send-Answer $visitor '200 OK' '' (Get-Page 'Logging in' '<p>The Portal opens in a moment. This tab can be closed.</p>')
    }
    finally { Stop-Loopback $server }
    $script:LoginDeadline = $Clock.ElapsedMilliseconds + 1000 * [int]$Settings['session.login_timeout_seconds']
    $fields = [System.Web.HttpUtility]::ParseQueryString($body)
    return (ConvertTo-AccountText $fields['email'] $fields['password'])
}

# Shows the number and why the Portal did not open on it, then the Portal's own login page.
function Open-Fallback([string]$LoginUrl, [string]$Command, [string]$Shown, [string]$Reason) {
    $title = $Shown
    if ($title -eq '') { $title = 'RapidSOS Portal' }
    $path = '/' + (New-Nonce)
    $server = Start-Loopback
    try {
        Start-Browser ('http://127.0.0.1:' + $server.Port + $path) $Command
        $visitor = Wait-Visitor $server 'GET' $path ($Clock.ElapsedMilliseconds + 1000 * $FallbackSeconds)
        if ($null -ne $visitor) { Send-Fallback $visitor $LoginUrl $title $Reason }
        Start-Browser $LoginUrl $Command
        if ($null -eq $visitor) {
            $visitor = Wait-Visitor $server 'GET' $path ($Clock.ElapsedMilliseconds + 1000 * $OpenSeconds)
            if ($null -ne $visitor) { Send-Fallback $visitor $LoginUrl $title $Reason }
        }
    }
    finally { Stop-Loopback $server }
}

function Send-Fallback($Visitor, [string]$LoginUrl, [string]$Title, [string]$Reason) {
    $link = [System.Net.WebUtility]::HtmlEncode($LoginUrl)
    $content = '<p>The Portal could not be opened on this caller: ' + [System.Net.WebUtility]::HtmlEncode($Reason) + '.</p>' +
        '<p><a href="' + $link + '">Log in to the Portal</a> and enter the number by hand.</p>'
    Send-Answer $Visitor '200 OK' '' (Get-Page $Title $content)
}

# ---- what is said

function Write-Line([string]$Text) {
    [System.Console]::Error.WriteLine('portal-launcher: ' + $Text)
}

# One line for the event log, where the role has registered its source; never a secret.
function Write-Record([int]$Code, [string]$Text) {
    try { Write-EventLog -LogName 'Application' -Source 'PortalLauncher' -EventId (100 + $Code) -EntryType 'Warning' -Message $Text }
    catch { return }
}

# ---- command line

# Returns @{Mode; Text; Configuration; DoesLogIn}. After --link everything is the link's text: what a web page may choose is never an option.
function Read-Arguments([string[]]$Words) {
    $data = [System.Environment]::GetFolderPath('CommonApplicationData')
    $asked = @{ Mode = 'open'; Text = ''; Configuration = [System.IO.Path]::Combine($data, 'PortalLauncher', 'launcher.ini'); DoesLogIn = $false }
    if ($Words.Length -gt 0 -and $Words[0] -ceq '--link') {
        $asked.Text = [System.String]::Join(' ', $Words, 1, $Words.Length - 1)
        return $asked
    }
    $numbers = @()
    for ($index = 0; $index -lt $Words.Length; $index++) {
        $word = $Words[$index]
        if ($word -ceq '--check') { $asked.Mode = 'check' }
        elseif ($word -ceq '--log-in') { $asked.DoesLogIn = $true }
        elseif ($word -ceq '--version') { $asked.Mode = 'version' }
        elseif ($word -ceq '--help' -or $word -ceq '-h') { $asked.Mode = 'help' }
        elseif ($word -ceq '--configuration' -and $index + 1 -lt $Words.Length) { $index++; $asked.Configuration = $Words[$index] }
        elseif ($word.StartsWith('--')) { throw (New-Failure 2 ('the option ' + (Get-ShownNumber $word) + ' is not known; see --help')) }
        else { $numbers += $word }
    }
    if ($numbers.Length -gt 1) { throw (New-Failure 2 'more than one number was given; quote a number that has blanks') }
    if ($numbers.Length -eq 1) { $asked.Text = $numbers[0] }
    if ($asked.Text -ceq '-') {
        $asked.Text = [string][System.Console]::In.ReadLine()
        if ($asked.Text -eq '') { throw (New-Failure 2 'standard input has no number') }
    }
    if ($asked.DoesLogIn -and $asked.Mode -cne 'check') { throw (New-Failure 2 '--log-in goes with --check; see --help') }
    return $asked
}

# Returns what the role registers for links. %1 is the link: whatever it holds, it comes after --link, and no shell reads it.
function Get-HandlerCommand {
    return '"' + [System.Environment]::SystemDirectory + '\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -NonInteractive ' +
        '-ExecutionPolicy RemoteSigned -WindowStyle Hidden -File "' + $PSCommandPath + '" --link "%1"'
}

# Says for each thing whether it is right; returns the first failure's code.
function Test-Installation([hashtable]$Asked) {
    $settings = Read-Configuration $Asked.Configuration
    $script:LoginDeadline = $Clock.ElapsedMilliseconds + 1000 * [int]$settings['session.login_timeout_seconds']
    Write-Check 'configuration' $Asked.Configuration
    $directory = [System.IO.Path]::GetDirectoryName($Asked.Configuration)
    if ($settings['account.source'] -ceq 'position') {
        [void](Read-PositionAccount ([System.IO.Path]::Combine($directory, 'account.dpapi')))
        Write-Check 'account' 'it can be read by this user'
    }
    Test-Service $settings
    Write-Check 'service' 'reached, and its certificate is trusted'
    if ($Asked.DoesLogIn) {
        Remove-State 'token'
        $script:LoginDeadline = $Clock.ElapsedMilliseconds + 1000 * [int]$settings['session.login_timeout_seconds']
        [void](Get-Token $settings $directory)
        Write-Check 'login' 'accepted'
    }
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SOFTWARE\Classes\' + $settings['caller.url_scheme'] + '\shell\open\command')
    if ($null -eq $key -or [string]$key.GetValue('') -ne (Get-HandlerCommand)) {
        throw (New-Failure 3 ('links of ' + $settings['caller.url_scheme'] + ': are not opened by this program; run the role portal_launcher again'))
    }
    Write-Check 'links' ($settings['caller.url_scheme'] + ': opens this program')
}

function Write-Check([string]$What, [string]$Text) {
    [System.Console]::Out.WriteLine('ok  ' + $What + ': ' + $Text)
}

# Makes a TLS connection to the service without logging in; any HTTP answer will do.
function Test-Service([hashtable]$Settings) {
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]::Tls12
    $handler = [System.Net.Http.HttpClientHandler]::new()
    $handler.AllowAutoRedirect = $false
    $client = [System.Net.Http.HttpClient]::new($handler)
    $address = [System.Uri]::new($Settings['portal.api_url'].TrimEnd('/') + '/')
    $asking = $client.GetAsync($address, [System.Net.Http.HttpCompletionOption]::ResponseHeadersRead)
    if (-not (Test-Done $asking)) { throw (New-Failure 5 'the service did not answer in time') }
    if ($asking.IsFaulted -or $asking.IsCanceled) { throw (New-Failure 5 (Get-ConnectionReason $asking.Exception)) }
}

function Invoke-Launcher([string[]]$Words) {
    $settings = $null
    $shown = ''
    $mode = 'open'
    try {
        $asked = Read-Arguments $Words
        $mode = $asked.Mode
        if ($mode -ceq 'help') { [System.Console]::Out.WriteLine($Usage); return }
        if ($mode -ceq 'version') {
            $algorithm = [System.Security.Cryptography.SHA256]::Create()
            $sum = [System.BitConverter]::ToString($algorithm.ComputeHash([System.IO.File]::ReadAllBytes($PSCommandPath))).Replace('-', '')
            [System.Console]::Out.WriteLine('portal-launcher ' + $Version + ' SHA-256 ' + $sum.ToLowerInvariant())
            return
        }
        $shown = Get-ShownNumber $asked.Text
        foreach ($assembly in @('System.Net.Http', 'System.Security', 'System.Web', 'System.Web.Extensions')) { Add-Type -AssemblyName $assembly }
        if ($mode -ceq 'check') { Test-Installation $asked; return }
        $settings = Read-Configuration $asked.Configuration
        $script:LoginDeadline = $Clock.ElapsedMilliseconds + 1000 * [int]$settings['session.login_timeout_seconds']
        $number = Get-NumberText $asked.Text $settings['caller.url_scheme']
        if ($number -eq '') { Start-Browser $settings['portal.login_url'] $settings['browser.command']; return }
        $shown = Get-ShownNumber $number
        $caller = ConvertTo-CallerId $number $settings
        $shown = $caller
        $token = Get-Token $settings ([System.IO.Path]::GetDirectoryName($asked.Configuration))
        Open-Caller $settings $caller $token
    }
    catch {
        $failure = $_.Exception
        $script:ExitCode = Get-FailureCode $failure
        $reason = Get-FailureReason $failure
        Write-Line $reason
        if ($mode -cne 'open') { return }
        Write-Record $script:ExitCode ('The Portal was not opened on a caller: ' + $reason + '.')
        $login_url = $DefaultLoginUrl
        $command = ''
        if ($null -ne $settings) {
            $login_url = $settings['portal.login_url']
            $command = $settings['browser.command']
        }
        try { Open-Fallback $login_url $command $shown $reason }
        catch { Write-Line (Get-FailureReason $_.Exception) }
    }
}

$script:ExitCode = 0
$script:LoginDeadline = [long](1000 * 3)
[void](Invoke-Launcher ([string[]]@($args)))
exit $script:ExitCode
