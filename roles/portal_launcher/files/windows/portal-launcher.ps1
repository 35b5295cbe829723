# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
#
# Opens the RapidSOS Portal on a caller. Called by a CAD with the caller's number, or by a link of the scheme that the
# role registers.
#
# Windows PowerShell 5.1 or PowerShell 7, and what .NET has in both; no module, no download, the same bytes on every
# position: allow-list it by its hash (--version prints it), or sign it. It is the Linux program's twin: the pure
# decisions have the same names and the same table of cases (tests/launcher/cases.json). Two rules keep secrets out of
# what Windows records: no cmdlet is ever given the password or the token (module logging writes down what cmdlets are
# given, not what methods are), and what is kept between two calls is sealed by DPAPI for this user, in a registry key
# that lives in memory until the user logs off.

if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    # Only cmdlets are allowed here, so no login can be made and no page be served: the plain login is opened.
    $sum = (Get-FileHash -LiteralPath $PSCommandPath -Algorithm SHA256).Hash
    # Only the first word may be an option: what follows is text of a CAD or a link.
    if (-not (@('--check', '--version', '--help') -ccontains $args[0])) {
        Start-Process -FilePath (Join-Path -Path $PSScriptRoot -ChildPath 'portal-login.url')
    }
    $reason = 'portal-launcher: this position runs PowerShell in constrained language mode; ' +
        'allow {0} in AppLocker or App Control by its SHA-256 {1}, ' +
        'or sign it with a certificate that the position trusts'
    Write-Error ($reason -f $PSCommandPath, $sum) -ErrorAction Continue
    exit 3
}

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Version = '1.0.0'
$ConfigurationPath = 'C:\ProgramData\PortalLauncher\launcher.ini'
$AccountFile = 'account.dpapi'
$DefaultLoginUrl = 'https://rapidsosportal.com/login'
# Documented for iRPv1, as are its two fields and the hour that a session lasts.
$LoginPath = '/v1/scorpius/user/api-token-auth'
$SessionSeconds = 3600
# The window in which refused logins are counted against an account (CJIS Security Policy, AC-7).
$RefusalSeconds = 900

# What the whole may take, counted from the start of the program.
$DecisionSeconds = 4.5
$CommandSeconds = 2.0
$StandardInputSeconds = 2.0
# Counted from the start of the browser.
$FetchSeconds = 10
$FormSeconds = 120
# Counted from the start of the browser: then another is tried, since Windows may have taken the address and opened
# nothing.
$SecondBrowserSeconds = 6
# Counted from the decision that the caller cannot be opened.
$LoginTabSeconds = 1.5
# Counted from the start of a login: as long a token that comes too late for its call is kept for the next one.
$LateSeconds = 10

$MostFileBytes = 65536
$MostRequestBytes = 16384
$MostConnections = 64
$MostPathCharacters = 1000
$MostNumberCharacters = 64
$MostShownCharacters = 40
$MostSiteCharacters = 200

$UrlPattern = '^https://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(/[A-Za-z0-9._~!$&''()*+,;=:@%/-]*)?\z'
$TokenPattern = '^[\x21-\x7e]{1,16384}\z'
$JsonTextPattern = '"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"'
$JsonWordPattern = 'true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'
# An object or array that holds no other, in a text whose strings are "" and whose other values are 0.
$JsonInnermostPattern = '\{ *(?:"" *: *(?:""|0) *(?:, *"" *: *(?:""|0) *)*)?\}|\[ *(?:(?:""|0) *(?:, *(?:""|0) *)*)?\]'
$JsonInnermostPattern = $JsonInnermostPattern.Replace(' ', '[ \t\r\n]')
$MostJsonLevels = 100
# Both cases are written out: what the same letter is in another case depends on the language of the user.
$ExtensionPattern = '[#;,]|(?<![A-Za-z])(?:[Xx]|[Ee][Xx][Tt](?:[Nn]|[Ee][Nn][Ss][Ii][Oo][Nn])?)[.:= ]*[0-9]'
# A character beyond U+FFFF is a pair here; what is half of one cannot be printed.
$PairPattern = '[\uD800-\uDBFF][\uDC00-\uDFFF]'
$NotPrintablePattern = '[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}-[ ]]|' +
    '[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]'

# What a failed connection is taken for, by the first rule that has one of its signs.
$ProxyLost = 'the host name of {0} cannot be resolved; {1}'
$ProxyLogin = '{0} refused the Windows login of this user (HTTP 407); ' +
    'ask its administrator for a way for this user, or one without a login'
$ProxyForbids = '{0} does not allow the connection; ask its administrator to allow it'
$LineRules = @(
    @{ Kind = 'proxy'; Detail = $ProxyLogin; Signs = @('ProxyAuthenticationRequired') }
    @{ Kind = 'proxy'; Detail = $ProxyForbids; Signs = @('RequestProhibitedByProxy', 'ProxyTunnelError') }
    @{ Kind = 'proxy'; Detail = $ProxyLost; Signs = @('ProxyNameResolutionFailure') }
    @{
        Kind = 'name_not_resolved'; Detail = ''; Proxy = $ProxyLost
        Signs = @('NameResolutionFailure', 'NameResolutionError', 'HostNotFound', 'TryAgain', 'NoData', 'NoRecovery')
    }
    @{
        Kind = 'not_trusted'; Detail = 'its certificate is not one that this computer trusts'
        Signs = @('TrustFailure', 'Certificate')
    }
    @{
        Kind = 'no_tls'; Detail = 'the secure channel could not be made'
        Signs = @('SecureChannelFailure', 'SecureConnectionError', 'AuthenticationException')
    }
    @{
        Kind = 'nonsense'; Detail = 'longer than 64 KiB'
        Signs = @('ConfigurationLimitExceeded', 'MessageLengthLimitExceeded')
    }
    @{
        Kind = 'nonsense'; Detail = 'no complete HTTP'
        Signs = @('ServerProtocolViolation', 'InvalidResponse', 'ResponseEnded', 'ReceiveFailure', 'ConnectionClosed',
            'KeepAliveFailure')
    }
    @{
        Kind = 'unreachable'; Detail = 'the connection failed (*)'
        Proxy = '{0} refused the connection or cannot be reached; {1}'
        Signs = @('ConnectionRefused', 'TimedOut', 'HostUnreachable', 'NetworkUnreachable', 'ConnectionReset',
            'ConnectionAborted', 'ConnectFailure', 'ConnectionError')
    }
)

# SYSTEM, Administrators, TrustedInstaller: who may own and change what the program takes its configuration from.
$AdministratorSids = @('S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464')
# Write, append, attributes, delete, rights, owner; generic all and write. Above the configuration's own directory
# others may make entries, as Windows allows them in C:\ProgramData, but not delete or rename one, and not change the
# directory's rights.
$ChangeMask = 0x500D0156
$ReplaceMask = 0x100D0040
$LocalPathPattern = '^[A-Za-z]:[\\/][^:]*\z'

$StatePath = 'Software\PortalLauncher'
$Entropy = [System.Text.Encoding]::ASCII.GetBytes('eccops.rapid portal-launcher')
$Utf8 = [System.Text.UTF8Encoding]::new($false)
$StrictUtf8 = [System.Text.UTF8Encoding]::new($false, $true)
# The call whose browser waits; a login that is still under way, and the lock that is held for it.
$Pending = @{ Call = $null; Login = $null; Mutex = $null }
$Clock = [System.Diagnostics.Stopwatch]::StartNew()

$Usage = @'
portal-launcher opens the RapidSOS Portal on a caller in the default browser.

  portal-launcher --number NUMBER  the caller's number, such as "+1 (555) 555-5555": what a CAD, or a link, uses
  portal-launcher NUMBER           the same, for people: what begins with - is an option here
  portal-launcher --stdin          the number is the first line of standard input
  portal-launcher                  opens the Portal's login

NUMBER may be a link of the configured scheme, such as eccops-portal:15555555555.
Whatever follows --number is the number, and never an option.

  --check [--log-in]               checks this position; --log-in adds one login
  --configuration PATH             comes first; instead of C:\ProgramData\PortalLauncher\launcher.ini;
                                   only administrators may have write access to that file and its directories
  --version                        version, and SHA-256 of this program
  --help

Exit codes: 0 opened on the caller; 1 unexpected; 2 number or call refused; 3 configuration or account unusable;
4 login refused; 5 service unreachable, slow, not trusted, or returned an invalid response; 6 no browser.
'@

# Kind of failure: exit code, and the sentence for the dispatcher and the event log.
$Failures = [ordered]@{
    'unexpected' = @(1, 'an unexpected error occurred in portal-launcher ({0}); contact your administrator')
    'usage' = @(2, 'portal-launcher was called incorrectly: {0}; see portal-launcher --help')
    'number_missing' = @(2, 'no caller''s number was given')
    'number_overlong' = @(2, 'the caller''s number is longer than any phone number')
    'number_extension' = @(2,
        'the caller''s number has an extension, which the Portal cannot look up; leave the extension out')
    'number_letters' = @(2, 'the caller''s number has letters in it')
    'number_characters' = @(2, 'the caller''s number contains characters that are not part of a phone number')
    'number_too_short' = @(2, 'the caller''s number has too few digits ({0})')
    'number_too_long' = @(2, 'the caller''s number has too many digits ({0})')
    'number_prefix' = @(2, 'the caller''s number does not begin like a complete phone number')
    'configuration' = @(3, 'the configuration cannot be used: {0}')
    'secret' = @(3, 'the position''s Portal account cannot be read: {0}')
    'command' = @(3, 'the site''s command for the Portal account failed: {0}')
    'not_signed_in' = @(3, 'nobody signed in within two minutes')
    'login_refused' = @(4, ('the Portal refused the login (HTTP {0}): ' +
            'the password is wrong or the account is locked; it is not tried again for 15 minutes'))
    'login_still_refused' = @(4,
        'the Portal refused this login less than 15 minutes ago, and it is not tried again yet; correct the password')
    'name_not_resolved' = @(5, 'the name of the Portal''s server ({0}) could not be resolved: DNS or network problem')
    'not_trusted' = @(5, 'the Portal''s server ({0}) is not trusted: {1}')
    'no_tls' = @(5, 'there is no secure connection to the Portal''s server ({0}): {1}')
    'unreachable' = @(5, 'the Portal''s server ({0}) cannot be reached: {1}')
    'too_slow' = @(5, 'the Portal''s server ({0}) did not answer within {1} seconds')
    'busy' = @(5, 'the Portal''s server ({0}) is limiting requests (HTTP 429)')
    'still_busy' = @(5, ('the Portal''s server ({0}) limited requests (HTTP 429) and asked for a pause; ' +
            'it is asked again in {1} seconds'))
    'intercepted' = @(5, ('something on the way to the Portal''s server ({0}) refused the connection (HTTP {1}): ' +
            'a proxy, a filter or a firewall; ask its administrator to allow the server'))
    'trouble' = @(5, 'the Portal''s server ({0}) returned an error (HTTP {1})')
    'nonsense' = @(5, 'the Portal''s server ({0}) returned an unexpected response ({1})')
    'redirected' = @(5, ('the Portal''s server ({0}) redirected the login{1}, and was not followed, ' +
            'since the password would go there too; set api_url to the address of the API itself'))
    'proxy' = @(5, '{0}')
    'another_login' = @(5, 'another login for this account is still in progress')
    'no_browser' = @(6, 'no browser could be started: {0}')
    'not_fetched' = @(6, 'the browser did not open the page within 10 seconds')
}

# What --check finds that says nothing of a dispatcher, where the user is none.
$DispatchersOwn = @('unreachable', 'too_slow', 'name_not_resolved', 'proxy', 'intercepted', 'command')

# Returns what keeps the Portal from being opened on the caller, to be thrown. Holds nothing secret.
function New-Failure([string]$Kind, [string]$Detail, [string]$More) {
    $sentence = $Failures[$Kind][1] -f $Detail, $More
    $failure = [System.InvalidOperationException]::new($sentence)
    $failure.Data['Kind'] = $Kind
    return $failure
}

# Returns the Failure of anything that was thrown: what is not one is an error in this program, reported by its kind and
# line, never by its text.
function Get-Failure($Thrown) {
    if ($null -ne $Thrown.Exception.Data['Kind']) { return $Thrown.Exception }
    return (New-Failure 'unexpected' ($Thrown.Exception.GetBaseException().GetType().Name + ' in line ' +
        $Thrown.InvocationInfo.ScriptLineNumber))
}

function Get-ExitCode([System.Exception]$Failure) {
    return $Failures[$Failure.Data['Kind']][0]
}

# ---- outside text: -eq, -ceq, -contains and @{} compare as people read, so that a soft hyphen or a NUL would not count

# Whether a value is this text, character by character.
function Test-Same($Value, [string]$Text) {
    return ($Value -is [string] -and [System.String]::Equals($Value, $Text, [System.StringComparison]::Ordinal))
}

# Whether the text is one of these.
function Test-OneOf([string]$Text, [string[]]$Known) {
    foreach ($each in $Known) {
        if (Test-Same $each $Text) { return $true }
    }
    return $false
}

# Returns so many characters; one beyond U+FFFF counts once, as in the Linux program.
function Get-Beginning([string]$Text, [int]$Count) {
    $match = [System.Text.RegularExpressions.Regex]::Match($Text, '(?s)^(?:' + $PairPattern + '|.){0,' + $Count + '}')
    return $match.Value
}

# Returns an empty table whose keys are compared so.
function New-Table {
    return [System.Collections.Hashtable]::new([System.StringComparer]::Ordinal)
}

# ---- pure decisions: the caller's number

# Returns what a call says about the number: the argument itself, or what is in a link of our scheme.
function Get-NumberText([string]$Argument, [string]$UrlScheme) {
    $beginning = $UrlScheme + ':'
    if (-not $Argument.StartsWith($beginning, [System.StringComparison]::OrdinalIgnoreCase)) { return $Argument.Trim() }
    $rest = $Argument.Substring($beginning.Length)
    if ($rest.StartsWith('//', [System.StringComparison]::Ordinal)) { $rest = $rest.Substring(2) }
    return [System.Net.WebUtility]::UrlDecode($rest.Replace('+', '%2B')).Trim().TrimEnd('/')
}

# Returns what the site's own rule makes of the text: group 1, else the whole match; without a match the text.
function Get-PatternText([string]$Text, [string]$Pattern) {
    if ($Pattern.Length -eq 0) { return $Text }
    # A pattern would take a pair for two characters, which the Linux program does not.
    $single = [System.Text.RegularExpressions.Regex]::Replace($Text, $PairPattern, [string][char]0xFFFD)
    # (?i) must not depend on the language of the user.
    $invariant = [System.Text.RegularExpressions.RegexOptions]::CultureInvariant
    $match = [System.Text.RegularExpressions.Regex]::Match($single, $Pattern, $invariant)
    if (-not $match.Success) { return $Text }
    if ($match.Groups.Count -gt 1 -and $match.Groups[1].Success) { return $match.Groups[1].Value.Trim() }
    return $match.Value.Trim()
}

# Returns the 11 to 15 digits with country code that the Portal looks up; throws a Failure.
function Get-NormalisedNumber([string]$Text, [string]$CountryCode, [int]$NationalNumberDigits) {
    if ($Text.Length -eq 0) { throw (New-Failure 'number_missing') }
    if ((Get-Beginning $Text $MostNumberCharacters).Length -lt $Text.Length) { throw (New-Failure 'number_overlong') }
    if ($Text -cmatch $ExtensionPattern) { throw (New-Failure 'number_extension') }
    if ($Text -cmatch '\p{L}') { throw (New-Failure 'number_letters') }
    $bare = [System.Text.RegularExpressions.Regex]::Replace($Text, '[ ().\-/]', '')
    if (-not ($bare -cmatch '^\+?[0-9]*\z')) { throw (New-Failure 'number_characters') }
    if ($bare.StartsWith('+', [System.StringComparison]::Ordinal)) {
        return (Get-InternationalNumber ($bare.Substring(1)) $CountryCode -NationalNumberDigits $NationalNumberDigits)
    }
    if ((Test-Same $CountryCode '1') -and $bare.StartsWith('011', [System.StringComparison]::Ordinal)) {
        return (Get-InternationalNumber ($bare.Substring(3)) $CountryCode -NationalNumberDigits $NationalNumberDigits)
    }
    if ($bare.StartsWith('00', [System.StringComparison]::Ordinal)) {
        return (Get-InternationalNumber ($bare.Substring(2)) $CountryCode -NationalNumberDigits $NationalNumberDigits)
    }
    if ($bare.StartsWith('0', [System.StringComparison]::Ordinal)) { throw (New-Failure 'number_prefix') }
    if ($bare.Length -eq $NationalNumberDigits) {
        return (Get-InternationalNumber ($CountryCode + $bare) $CountryCode -NationalNumberDigits $NationalNumberDigits)
    }
    if ($bare.Length -lt $NationalNumberDigits) { throw (New-Failure 'number_too_short' $bare.Length) }
    if (-not $bare.StartsWith($CountryCode, [System.StringComparison]::Ordinal)) {
        throw (New-Failure 'number_too_long' $bare.Length)
    }
    return (Get-InternationalNumber $bare $CountryCode -NationalNumberDigits $NationalNumberDigits)
}

# Returns the digits, which begin with a country code; a number of one's own country has its exact length.
function Get-InternationalNumber([string]$Digits, [string]$CountryCode, [int]$NationalNumberDigits) {
    $shortest = 11
    $longest = 15
    if ($Digits.StartsWith($CountryCode, [System.StringComparison]::Ordinal)) {
        $shortest = $CountryCode.Length + $NationalNumberDigits
        $longest = $shortest
    }
    if ($Digits.Length -lt $shortest) { throw (New-Failure 'number_too_short' $Digits.Length) }
    if ($Digits.Length -gt $longest) { throw (New-Failure 'number_too_long' $Digits.Length) }
    if ($Digits.StartsWith('0', [System.StringComparison]::Ordinal)) { throw (New-Failure 'number_prefix') }
    # No area code of the North American plan begins so.
    if ((Test-Same $CountryCode '1') -and $Digits -cmatch '^1[01]') { throw (New-Failure 'number_prefix') }
    return $Digits
}

# Returns the number as people read it.
function Get-FormattedNumber([string]$Digits) {
    if ($Digits.Length -eq 11 -and $Digits.StartsWith('1', [System.StringComparison]::Ordinal)) {
        return '+1 (' + $Digits.Substring(1, 3) + ') ' + $Digits.Substring(4, 3) + '-' + $Digits.Substring(7)
    }
    return '+' + $Digits
}

# Returns the text with a blank for each character that cannot be printed.
function Get-PrintableText([string]$Text) {
    $printable = [System.Text.RegularExpressions.Regex]::Replace($Text, $NotPrintablePattern, ' ')
    foreach ($match in [System.Text.RegularExpressions.Regex]::Matches($printable, $PairPattern)) {
        $category = [string][System.Globalization.CharUnicodeInfo]::GetUnicodeCategory($match.Value, 0)
        if (Test-OneOf $category @('Control', 'Format', 'PrivateUse', 'OtherNotAssigned')) {
            $printable = $printable.Replace($match.Value, ' ')
        }
    }
    return $printable
}

# Returns hostile text fit to be shown: one line of printable characters, of limited length.
function Get-ShownText([string]$Text) {
    $shown = Get-PrintableText (Get-Beginning $Text 1000)
    $shown = [System.Text.RegularExpressions.Regex]::Replace($shown, ' +', ' ').Trim()
    if ($shown.Length -eq 0) { return 'No number' }
    $beginning = Get-Beginning $shown $MostShownCharacters
    if ($beginning.Length -lt $shown.Length) { return $beginning + '...' }
    return $shown
}

# ---- pure decisions: tokens, logins, requests

# Whether a text is a JSON object and nothing else, strictly: what holds no other object or array is taken for one
# value, until one is left.
function Test-JsonObject([string]$Text) {
    $shape = [System.Text.RegularExpressions.Regex]::Replace($Text, $JsonTextPattern, '""')
    $shape = [System.Text.RegularExpressions.Regex]::Replace($shape, $JsonWordPattern, '0').Trim(' ', "`t", "`r", "`n")
    if (-not $shape.StartsWith('{', [System.StringComparison]::Ordinal)) { return $false }
    for ($level = 0; $level -lt $MostJsonLevels -and -not (Test-Same $shape '0'); $level++) {
        $before = $shape
        $shape = [System.Text.RegularExpressions.Regex]::Replace($shape, $JsonInnermostPattern, '0')
        if (Test-Same $shape $before) { return $false }
    }
    return (Test-Same $shape '0')
}

# Returns what a text, a number or a word of JSON stands for; $null for a number that is too great as well.
function ConvertFrom-JsonValue([string]$Text) {
    if ($Text.StartsWith('"', [System.StringComparison]::Ordinal)) {
        return [System.Text.RegularExpressions.Regex]::Unescape($Text.Substring(1, $Text.Length - 2))
    }
    if (Test-OneOf $Text @('true', 'false')) { return (Test-Same $Text 'true') }
    try {
        return [System.Double]::Parse($Text, [System.Globalization.NumberStyles]::Float,
            [System.Globalization.CultureInfo]::InvariantCulture)
    }
    catch { return $null }
}

# Returns a table of a JSON object, of its text or its bytes, or $null for anything else; an object or array in it is an
# empty table. ConvertFrom-Json would be a cmdlet, and Windows PowerShell's classes read otherwise than PowerShell 7's.
function ConvertFrom-JsonText($Text) {
    if ($Text -is [byte[]]) {
        try { $Text = $StrictUtf8.GetString($Text) }
        catch { return $null }
    }
    if ($Text.StartsWith([string][char]0xFEFF, [System.StringComparison]::Ordinal)) { $Text = $Text.Substring(1) }
    if (-not (Test-JsonObject $Text)) { return $null }
    $fields = New-Table
    $name = $null
    $depth = 0
    $pattern = $JsonTextPattern + '|[{}\[\],]|' + $JsonWordPattern
    foreach ($match in [System.Text.RegularExpressions.Regex]::Matches($Text, $pattern)) {
        $part = $match.Value
        if ('{['.IndexOf($part[0]) -ge 0) {
            if ($depth -eq 1) { $fields[$name] = New-Table }
            $depth++
        }
        elseif ('}]'.IndexOf($part[0]) -ge 0) { $depth-- }
        elseif ($depth -ne 1) { continue }
        elseif (Test-Same $part ',') { $name = $null }
        elseif ($null -eq $name) { $name = ConvertFrom-JsonValue $part }
        else { $fields[$name] = ConvertFrom-JsonValue $part }
    }
    return $fields
}

function Test-Number($Value) {
    return ($Value -is [int] -or $Value -is [long] -or $Value -is [double] -or $Value -is [decimal])
}

# Returns @(token, expires_in) of a login's JSON answer; token $null where there is none.
function Get-AnswerToken($Body) {
    $answer = ConvertFrom-JsonText $Body
    if ($null -eq $answer) { return @($null, $null) }
    $token = $answer['token']
    if ($null -eq $token -or (Test-Same $token '')) { $token = $answer['access_token'] }
    if (-not ($token -is [string]) -or -not ($token -cmatch $TokenPattern)) { return @($null, $null) }
    return @($token, $answer['expires_in'])
}

# Returns the claims of a JWT, an empty table for an opaque token. The signature cannot be checked: its key is the
# vendor's.
function Get-TokenClaim([string]$Token) {
    $segments = $Token.Split('.')
    if ($segments.Length -ne 3) { return @{} }
    $coded = $segments[1].Replace('-', '+').Replace('_', '/')
    while ($coded.Length % 4 -ne 0) { $coded += '=' }
    try { $claims = ConvertFrom-JsonText ([System.Convert]::FromBase64String($coded)) }
    catch { return @{} }
    if ($null -eq $claims) { return @{} }
    return $claims
}

# Returns when the session opened with this token ends, epoch seconds: the JWT's exp, else expires_in, at most an hour.
function Get-TokenExpiry([string]$Token, $ExpiresIn, [long]$Now) {
    $latest = $Now + $SessionSeconds
    $expiry = $latest
    $claims = Get-TokenClaim $Token
    $claimed = $claims['exp']
    if ((Test-Number $claimed) -and $claimed -gt 0 -and $claimed -lt 1e14) {
        $expiry = $claimed
        if ($claimed -gt 1e11) { $expiry = $claimed / 1000 }
    }
    elseif ((Test-Number $ExpiresIn) -and $ExpiresIn -gt 0 -and $ExpiresIn -lt 1e7) { $expiry = $Now + $ExpiresIn }
    if ($expiry -gt $latest) { $expiry = $latest }
    return [long][System.Math]::Floor([double]$expiry)
}

# Returns the token of a kept entry if it is this account's and good for long enough, else $null.
function Get-CachedToken([hashtable]$Entry, [string]$ApiUrl, [string]$Email, [long]$Now,
    [int]$MinimumRemainingSeconds) {
    $token = $Entry['token']
    $expires_at = $Entry['expires_at']
    if (-not (Test-Same $Entry['api_url'] $ApiUrl) -or -not (Test-Same $Entry['email'] $Email)) { return $null }
    if (-not ($token -is [string]) -or -not ($token -cmatch $TokenPattern) -or -not (Test-Number $expires_at)) {
        return $null
    }
    # More than an hour left: the clock was turned back, and nothing is known.
    if ($expires_at - $Now -gt $MinimumRemainingSeconds -and $expires_at - $Now -le $SessionSeconds) { return $token }
    return $null
}

# Whether a login of this account was refused less than 15 minutes ago (with whichever password).
function Test-RefusalInForce([hashtable]$Entry, [string]$ApiUrl, [string]$Email, [long]$Now) {
    $until = $Entry['until']
    if (-not (Test-Same $Entry['api_url'] $ApiUrl) -or -not (Test-Same $Entry['email'] $Email) -or
        -not (Test-Number $until)) {
        return $false
    }
    return ($until - $Now -gt 0 -and $until - $Now -le $RefusalSeconds)
}

# Returns the kind of failure an HTTP status of the login means, $null for success.
function Get-StatusFailure([int]$Status) {
    if ($Status -ge 200 -and $Status -lt 300) { return $null }
    if (@(400, 401, 403, 422, 423) -contains $Status) { return 'login_refused' }
    if ($Status -ge 300 -and $Status -lt 400) { return 'redirected' }
    if ($Status -eq 429) { return 'busy' }
    if ($Status -ge 500) { return 'trouble' }
    return 'nonsense'
}

# Returns the kind of failure an answer to the login means, $null for success. A refusal is the service's own if it has
# the service's form: what stands between refuses with a page, or (403) with nothing.
function Get-AnswerFailure([int]$Status, [byte[]]$Body) {
    $kind = Get-StatusFailure $Status
    if (-not (Test-Same $kind 'login_refused') -or $null -ne (ConvertFrom-JsonText $Body)) { return $kind }
    $shown = $Utf8.GetString($Body).TrimStart([char]0xFEFF).Trim()
    $begins_tag = $shown.StartsWith('<', [System.StringComparison]::Ordinal)
    if ($begins_tag -or $Status -eq 403) { return 'intercepted' }
    return $kind
}

# Returns the seconds for which a Retry-After asks, 0 for none; never more than a refused login is remembered.
function Get-PauseTime([string]$RetryAfter, [long]$Now) {
    $seconds = 0
    if ($RetryAfter -cmatch '^[0-9]{1,9}\z') { $seconds = [long]$RetryAfter }
    elseif ($RetryAfter -cmatch '^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\z') {
        try {
            $culture = [System.Globalization.CultureInfo]::InvariantCulture
            $seconds = [System.DateTimeOffset]::ParseExact($RetryAfter, 'r', $culture).ToUnixTimeSeconds() - $Now
        }
        catch { $seconds = 0 }
    }
    return [System.Math]::Max([long]0, [System.Math]::Min([long]$seconds, [long]$RefusalSeconds))
}

# Returns " to " and the origin that a Location names, '' where it names none.
function Get-RedirectTarget([string]$Location) {
    $match = [System.Text.RegularExpressions.Regex]::Match($Location, '^https?://[A-Za-z0-9.:\[\]-]{1,200}(?=[/?#]|\z)')
    if ($match.Success) { return ' to ' + $match.Value }
    return ''
}

# Returns @(kind of failure, detail) of a connection, by the signs of what its client threw: .NET Framework has a status
# for each kind, PowerShell 7's .NET other names. Where there is a proxy, it is what could not be found or reached.
function Get-LineFailure([string[]]$Signs, [bool]$HasProxy) {
    foreach ($rule in $LineRules) {
        foreach ($sign in $rule['Signs']) {
            if (-not (Test-OneOf $sign $Signs)) { continue }
            if ($HasProxy -and $rule.ContainsKey('Proxy')) { return @('proxy', $rule['Proxy']) }
            return @($rule['Kind'], $rule['Detail'].Replace('*', $sign))
        }
    }
    # .NET Framework says no more than this of an answer that is too long.
    if (Test-Same $Signs[-1] 'HttpRequestException') { return @('nonsense', 'longer than 64 KiB') }
    return @('unreachable', 'the connection failed')
}

# Returns the URL that opens the Portal on the caller: as secret as the token.
function Get-QueryLocation([string]$QueryUrl, [string]$Parameter, [string]$Digits, [string]$Token) {
    $safe = ''
    foreach ($character in $Token.ToCharArray()) {
        if ([string]$character -cmatch '[A-Za-z0-9_.~-]') { $safe += [string]$character }
        else { $safe += '%' + ([int]$character).ToString('X2') }
    }
    return $QueryUrl + '?caller_id=' + $Digits + '&' + $Parameter + '=' + $safe
}

# Returns the host of a URL of the configuration.
function Get-HostOf([string]$Url) {
    return [System.Text.RegularExpressions.Regex]::Match($Url, $UrlPattern).Groups[1].Value
}

# Returns scheme, host and port of a URL of the configuration.
function Get-OriginOf([string]$Url) {
    return ([System.Text.RegularExpressions.Regex]::Match($Url, '^[^/]*//[^/]*')).Value
}

# Returns @{Method; Path; Headers} of the text up to the empty line, $null for what is no HTTP. A repeated header is
# $null.
function ConvertFrom-RequestHead([string]$Head) {
    $lines = [System.Text.RegularExpressions.Regex]::Split($Head, "`r`n")
    $first = $lines[0].Split(' ')
    if ($first.Length -ne 3 -or -not ($first[2] -cmatch '^HTTP/1\.[01]\z')) { return $null }
    $headers = New-Table
    for ($index = 1; $index -lt $lines.Length; $index++) {
        $colon = $lines[$index].IndexOf([char]':')
        if ($colon -lt 1) { return $null }
        $name = $lines[$index].Substring(0, $colon).ToLowerInvariant()
        if (-not ($name -cmatch '^[!-~]+\z')) { return $null }
        if ($headers.ContainsKey($name)) { $headers[$name] = $null }
        else { $headers[$name] = $lines[$index].Substring($colon + 1).Trim() }
    }
    return @{ Method = $first[0]; Path = $first[1]; Headers = $headers }
}

# Returns 200 for the request that is waited for, else the status to refuse it with; the right one still works then.
function Get-RequestVerdict($Request, [int]$Port, [string]$Method, [string]$Path) {
    if ($null -eq $Request) { return 400 }
    $headers = $Request.Headers
    $here = '127.0.0.1:' + $Port
    if (-not (Test-Same $headers['host'] $here) -or -not (Test-Same $Request.Path $Path)) { return 404 }
    if (-not (Test-Same $Request.Method $Method)) { return 405 }
    if ($Method -ceq 'POST') {
        if (-not (Test-Same $headers['origin'] ('http://' + $here))) { return 403 }
        $type = ([string]$headers['content-type']).Split(';')[0].Trim().ToLowerInvariant()
        if (-not (Test-Same $type 'application/x-www-form-urlencoded')) { return 415 }
        $length = [string]$headers['content-length']
        if (-not ($length -cmatch '^[0-9]{1,5}\z') -or [int]$length -gt $MostRequestBytes) { return 413 }
    }
    return 200
}

# ---- pages and answers of the loopback listener

$Style = @'
:root{color-scheme:light dark;--page:#eef1f5;--card:#fff;--ink:#17202b;--soft:#4d5a68;--line:#aab4c0;
--accent:#b00d26;--button:#b00d26}
@media(prefers-color-scheme:dark){:root{--page:#0e141b;--card:#18212c;--ink:#e8edf3;--soft:#a9b6c5;--line:#4a596a;
--accent:#ff8a98;--button:#b3263a}}
body{margin:0;background:var(--page);color:var(--ink);font:18px/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:10vh auto;padding:1.6rem 2rem;background:var(--card);border:1px solid var(--line);
border-top:5px solid var(--accent)}
h1{font-size:2.2rem;margin:.2rem 0 .8rem;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
p{margin:.6rem 0}.soft{color:var(--soft);font-size:.9rem}a{color:inherit}
label{display:block;margin:1rem 0 .2rem}
input,button{width:100%;box-sizing:border-box;padding:.6rem;font:inherit;color:inherit;background:var(--page);
border:1px solid var(--line)}
button{margin-top:1.4rem;font-weight:700;cursor:pointer;color:#fff;background:var(--button);
border-color:var(--button);border-radius:4px}
code{font:inherit;font-size:1.3rem;font-variant-numeric:tabular-nums;user-select:all}
'@

# Returns the text safe inside HTML, in attributes too.
function Get-EscapedText([string]$Text) {
    return $Text.Replace('&', '&amp;').Replace('<', '&lt;').Replace('>', '&gt;').Replace('"', '&quot;').
        Replace("'", '&#39;')
}

# Returns a whole HTML page that needs nothing from elsewhere; the headline is plain text, the content is HTML.
function Get-Page([string]$Headline, [string]$Content) {
    $title = Get-EscapedText $Headline
    return '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>' + $title + '</title>' +
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><style>' +
            $Style + '</style></head>' +
        '<body><main><h1>' + $title + '</h1>' + $Content + '</main></body></html>'
}

# Returns the page that is shown where the Portal cannot be opened on the caller.
function Get-FailurePage([hashtable]$Call, [string]$Sentence) {
    $login_url = Get-EscapedText $Call.Configuration.Values['portal login_url']
    $contact = Get-EscapedText $Call.Configuration.Values['site contact']
    $number = ' above'
    if ($Call.Digits.Length -gt 0) { $number = ': <code>' + $Call.Digits + '</code>' }
    if ($contact.Length -gt 0) { $contact = '<p class="soft">If this happens again, call ' + $contact + '.</p>' }
    return (Get-Page $Call.Headline ('<p><strong>The Portal was not opened on this caller:</strong> ' +
            (Get-EscapedText $Sentence) + '.</p><p><a href="' + $login_url + '">Sign in to the Portal</a> ' +
            '(it opens automatically beside this page) and look up the number' + $number + '.</p>' + $contact))
}

# Returns the page that is shown while a login takes long.
function Get-ProgressPage([string]$Headline, [string]$LoginUrl) {
    return (Get-Page $Headline ('<p><strong>The login at the Portal takes longer than usual.</strong> ' +
            'The Portal opens here on this caller as soon as it is done.</p>' +
            '<p><a href="' + (Get-EscapedText $LoginUrl) +
                '" target="_blank" rel="noreferrer">Sign in to the Portal</a> ' +
            'and look up the number above if you cannot wait.</p>'))
}

# Returns the page that asks for the account of source = user. It says whose it is, so as not to teach people to type
# passwords anywhere.
function Get-FormPage([hashtable]$Call) {
    $site = Get-EscapedText $Call.Configuration.Values['site name']
    if ($site.Length -gt 0) { $site = ' of ' + $site }
    $computer = Get-EscapedText (Get-ShownText ([System.Environment]::MachineName))
    return (Get-Page $Call.Headline ('<p>Sign in with your own Portal account to open the Portal on this caller.</p>' +
            '<form method="post" action="' + $Call.Path +
                '" autocomplete="off"><label for="email">Email address</label>' +
            '<input id="email" name="email" type="email" required autofocus maxlength="256">' +
            '<label for="password">Password</label><input id="password" name="password" ' +
            'type="password" required maxlength="1024">' +
            '<button>Open the Portal</button></form>' +
            '<p class="soft">This page is the Portal launcher' + $site + ' on this computer, ' + $computer +
            '. Trust it only if it opened when you opened a caller, and if its address begins with 127.0.0.1. ' +
            'You are asked once per computer login. Your account is forgotten when you log off. ' +
            '<a href="' + (Get-EscapedText $Call.Configuration.Values['portal login_url']) +
                '">Use the Portal''s own login instead</a></p>'))
}

# Returns the text of an answer after which the connection ends.
function Get-HttpAnswer([int]$Status, [string[]]$Headers, [string]$Body) {
    $length = 'Content-Length: ' + $Utf8.GetByteCount($Body)
    $lines = @("HTTP/1.1 $Status Answer", 'Connection: close', 'Cache-Control: no-store', $length) + $Headers
    return [System.String]::Join("`r`n", $lines) + "`r`n`r`n" + $Body
}

function Get-RedirectAnswer([string]$Location, [bool]$IsAfterPost) {
    $status = 302
    if ($IsAfterPost) { $status = 303 }
    return (Get-HttpAnswer $status @(('Location: ' + $Location), 'Referrer-Policy: no-referrer') -Body '')
}

# Returns a page's answer. Browsers apply form-action to the redirect after a form too, so the Portal is one of its
# targets.
function Get-PageAnswer([string]$Html, [string]$ReferrerPolicy, [string]$FormTargets, [string[]]$More) {
    $policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
        "frame-ancestors 'none'; form-action " + $FormTargets
    $headers = @('Content-Type: text/html; charset=utf-8', ('Referrer-Policy: ' + $ReferrerPolicy),
        'X-Content-Type-Options: nosniff', ('Content-Security-Policy: ' + $policy))
    if ($null -ne $More) { $headers += $More }
    return (Get-HttpAnswer 200 $headers -Body $Html)
}

# ---- configuration

# Section and key, in the order in which they are checked, and the default. $null: the key is required.
$Settings = [ordered]@{
    'portal api_url' = $null
    'portal query_url' = $null
    'portal login_url' = $null
    'portal query_token_parameter' = 'access_token'
    'portal ca_path' = ''
    'account source' = 'position'
    'account command' = ''
    'session minimum_remaining_seconds' = '600'
    'session login_timeout_seconds' = '3'
    'caller country_code' = '1'
    'caller national_number_digits' = '10'
    'caller pattern' = ''
    'caller url_scheme' = 'eccops-portal'
    'browser command' = ''
    'site name' = ''
    'site contact' = ''
}

# Returns what is wrong with a value of the configuration, '' for nothing.
function Get-SettingProblem([string]$Name, [string]$Value) {
    if ($Name -clike 'portal *_url') {
        $match = [System.Text.RegularExpressions.Regex]::Match($Value, $UrlPattern)
        if ($match.Success -and ($match.Groups[2].Value -eq '' -or [int]$match.Groups[2].Value -le 65535)) { return '' }
        return 'must be an https URL without user, query and fragment, such as https://host.example/path'
    }
    if ($Name -ceq 'portal query_token_parameter' -and -not ($Value -cmatch '^[A-Za-z0-9_.-]{1,64}\z')) {
        return 'must be a parameter name such as access_token'
    }
    if ($Name -ceq 'portal ca_path' -and $Value.Length -gt 0) {
        return 'cannot be used on Windows; put the CA into the trusted root authorities of this computer'
    }
    if ($Name -ceq 'account source' -and -not ($Value -cmatch '^(position|user|command)\z')) {
        return 'must be position, user or command'
    }
    if ($Name -clike '* command') {
        try { [void](Split-Command $Value) }
        catch { return 'has a quote that is not closed' }
    }
    if ($Name -ceq 'session minimum_remaining_seconds' -and -not ($Value -cmatch '^[0-9]{1,4}\z' -and
        [int]$Value -le 3000)) {
        return 'must be a number of seconds from 0 to 3000'
    }
    if ($Name -ceq 'session login_timeout_seconds') {
        if ($Value -cmatch '^[0-9](\.[0-9]{1,3})?\z' -and [double]$Value -ge 0.2 -and [double]$Value -le 4) {
            return ''
        }
        return 'must be a number of seconds from 0.2 to 4'
    }
    if ($Name -ceq 'caller country_code' -and -not ($Value -cmatch '^[1-9][0-9]{0,2}\z')) {
        return 'must be 1 to 3 digits such as 1'
    }
    if ($Name -ceq 'caller national_number_digits' -and -not ($Value -cmatch '^[0-9]{1,2}\z' -and
        [int]$Value -ge 8 -and [int]$Value -le 14)) {
        return 'must be a number from 8 to 14'
    }
    if ($Name -ceq 'caller pattern') {
        try { [void][System.Text.RegularExpressions.Regex]::new($Value) }
        catch { return 'is not a regular expression' }
    }
    if ($Name -clike 'site *' -and (Get-Beginning $Value $MostSiteCharacters).Length -lt $Value.Length) {
        return 'must have at most 200 characters'
    }
    if ($Name -ceq 'caller url_scheme') {
        $is_taken = Test-OneOf $Value @('http', 'https', 'file', 'data', 'javascript', 'about', 'blob')
        if ($is_taken -or -not ($Value -cmatch '^[a-z][a-z0-9+.-]{1,31}\z')) {
            return 'must be a URL scheme of its own such as eccops-portal'
        }
    }
    return ''
}

# Returns @{Given; Problems} of a launcher.ini, the keys as "section key"; the problems name line and key.
function ConvertFrom-IniText([string]$Text) {
    $given = New-Table
    $problems = @()
    $section = ''
    $sections = @('portal', 'account', 'session', 'caller', 'browser', 'site')
    $number = 0
    foreach ($raw in $Text.Replace("`r`n", "`n").Split("`n")) {
        $number++
        $line = $raw.Trim(' ', "`t")
        if ($line.Length -eq 0 -or $line.StartsWith('#', [System.StringComparison]::Ordinal)) { continue }
        if ($line -cmatch '^\[.*\]\z') {
            $section = $line.Substring(1, $line.Length - 2).Trim()
            if (-not (Test-OneOf $section $sections)) {
                $problems += "line ${number}: unknown section [" + (Get-ShownText $section) + ']'
            }
            continue
        }
        $equals = $line.IndexOf([char]'=')
        if ($equals -lt 0) {
            $problems += "line $number is neither [section] nor key = value"
            continue
        }
        $key = $line.Substring(0, $equals).Trim(' ', "`t")
        $value = $line.Substring($equals + 1).Trim(' ', "`t")
        $name = $section + ' ' + $key
        if (-not (Test-Same $value (Get-PrintableText $value))) {
            $problems += "line ${number}: the value contains a control character"
        }
        elseif ($given.ContainsKey($name)) { $problems += "line ${number}: $key is given twice in [$section]" }
        elseif (Test-OneOf $name @($Settings.Keys)) { $given[$name] = $value }
        elseif (Test-OneOf $section $sections) {
            $problems += "line ${number}: there is no key " + (Get-ShownText $key) + " in [$section]"
        }
        elseif ($section.Length -eq 0) {
            $problems += "line ${number}: " + (Get-ShownText $key) + ' comes before the first [section]'
        }
    }
    return @{ Given = $given; Problems = $problems }
}

# Returns @{Values; Problems}: "section key" -> value, with the default, or '', where a value is not usable.
function ConvertFrom-ConfigurationText([string]$Text) {
    $parsed = ConvertFrom-IniText $Text
    $problems = @($parsed.Problems)
    $values = @{}
    foreach ($name in @($Settings.Keys)) {
        $section = $name.Split(' ')[0]
        $key = $name.Split(' ')[1]
        $values[$name] = [string]$Settings[$name]
        if (-not $parsed.Given.ContainsKey($name)) {
            if ($null -eq $Settings[$name]) { $problems += "$key is missing in [$section]" }
            continue
        }
        $problem = Get-SettingProblem $name $parsed.Given[$name]
        if ($problem -ne '') { $problems += "$key in [$section] $problem" }
        elseif ($name -clike 'portal *_url') { $values[$name] = $parsed.Given[$name].TrimEnd('/') }
        else { $values[$name] = $parsed.Given[$name] }
    }
    $digits = $values['caller country_code'].Length + [int]$values['caller national_number_digits']
    if ($digits -lt 11 -or $digits -gt 15) {
        $problems += 'country_code and national_number_digits in [caller] must make 11 to 15 digits together'
    }
    if ((Test-Same $values['account source'] 'command') -ne ($values['account command'].Length -gt 0)) {
        $problems += 'command in [account] is required with source = command, and not allowed otherwise'
    }
    return @{ Values = $values; Problems = $problems }
}

# Splits as Windows programs do: blanks part, double quotes keep together, and a backslash stands for itself, except
# before a double quote inside of them. What is in single quotes, as the role writes it, stays as it is.
function Split-Command([string]$Text) {
    $words = @()
    $part = "'[^']*'|" + '"(?:\\.|[^"\\])*"|[^ \t''"]+'
    $rest = [System.Text.RegularExpressions.Regex]::Replace($Text, '(?:' + $part + ')+', '').Trim(' ', "`t")
    if ($rest.Length -gt 0) { throw (New-Failure 'configuration' 'a quote is not closed') }
    foreach ($match in [System.Text.RegularExpressions.Regex]::Matches($Text, '(?:' + $part + ')+')) {
        $word = ''
        foreach ($piece in [System.Text.RegularExpressions.Regex]::Matches($match.Value, $part)) {
            $value = $piece.Value
            $is_quoted = $value.StartsWith("'", [System.StringComparison]::Ordinal) -or
                $value.StartsWith('"', [System.StringComparison]::Ordinal)
            $is_escaped = $value.StartsWith('"', [System.StringComparison]::Ordinal)
            if ($is_quoted) { $value = $value.Substring(1, $value.Length - 2) }
            if ($is_escaped) {
                $value = [System.Text.RegularExpressions.Regex]::Replace($value, '(\\*)\1\\"', '$1"')
                $value = [System.Text.RegularExpressions.Regex]::Replace($value, '(\\+)\1\z', '$1')
            }
            $word += $value
        }
        $words += $word
    }
    return $words
}

# Returns one argument as the C runtime of a Windows program reads it back.
function ConvertTo-WindowsArgument([string]$Text) {
    if ($Text -cmatch '^[A-Za-z0-9_.:/=-]+\z') { return $Text }
    $escaped = [System.Text.RegularExpressions.Regex]::Replace($Text, '(\\*)"', '$1$1\"')
    $escaped = [System.Text.RegularExpressions.Regex]::Replace($escaped, '(\\+)\z', '$1$1')
    return '"' + $escaped + '"'
}

# Returns who else than the administrators can change what has this owner and these rules (tables of Sid, Mask,
# IsAllowed, IsInheritOnly), '' for nobody.
function Get-AccessProblem([string]$Owner, $Rules, [bool]$IsAbove) {
    $mask = $ChangeMask
    if ($IsAbove) { $mask = $ReplaceMask }
    if (-not (Test-OneOf $Owner $AdministratorSids)) { return "belongs to $Owner and not to the administrators" }
    foreach ($rule in $Rules) {
        if (-not $rule['IsAllowed'] -or $rule['IsInheritOnly'] -or (Test-OneOf $rule['Sid'] $AdministratorSids)) {
            continue
        }
        if (($rule['Mask'] -band $mask) -ne 0) { return 'can be changed by ' + $rule['Sid'] }
    }
    return ''
}

# Returns the same of a file or a directory.
function Get-ItemProblem([string]$Path, [bool]$IsAbove) {
    if (([int][System.IO.File]::GetAttributes($Path) -band [int][System.IO.FileAttributes]::ReparsePoint) -ne 0) {
        return 'is a link to another place'
    }
    $inherit_only = [int][System.Security.AccessControl.PropagationFlags]::InheritOnly
    $security = Get-Acl -LiteralPath $Path
    $owner = $security.GetOwner([System.Security.Principal.SecurityIdentifier]).Value
    $rules = @()
    foreach ($rule in $security.GetAccessRules($true, $true, [System.Security.Principal.SecurityIdentifier])) {
        $rules += @{
            Sid = $rule.IdentityReference.Value
            Mask = [int]$rule.FileSystemRights
            IsAllowed = ($rule.AccessControlType -eq [System.Security.AccessControl.AccessControlType]::Allow)
            IsInheritOnly = (([int]$rule.PropagationFlags -band $inherit_only) -ne 0)
        }
    }
    return (Get-AccessProblem $owner $rules -IsAbove $IsAbove)
}

# Returns why a configuration cannot be trusted, '' for nothing: it names programs that run as the dispatcher, and its
# path may be somebody else's choice. What the administrators alone can change stays as it was judged.
function Get-PathProblem([string]$Path) {
    if (-not ($Path -cmatch $LocalPathPattern)) { return 'its path must be absolute, on a disk of this computer' }
    if ([System.IO.DriveInfo]::new($Path.Substring(0, 1)).DriveType -ne [System.IO.DriveType]::Fixed) {
        return 'it must be on a fixed disk of this computer'
    }
    $here = [System.IO.Path]::GetFullPath($Path)
    for ($level = 0; $here; $level++) {
        $problem = Get-ItemProblem $here ($level -gt 1)
        if ($problem -ne '') { return "$here $problem; let administrators alone own and change it" }
        $here = [System.IO.Path]::GetDirectoryName($here)
    }
    return ''
}

# Returns @{Values; Problems; AccountPath}; a file that cannot be read or trusted is a problem too.
function Read-Configuration([string]$Path) {
    $problem = ''
    try {
        $problem = Get-PathProblem $Path
        if ($problem -eq '' -and [System.IO.FileInfo]::new($Path).Length -gt $MostFileBytes) {
            $problem = 'it is longer than 64 KiB'
        }
        if ($problem -eq '') {
            # Not by ReadAllText, which takes two other encodings for text too.
            $text = $StrictUtf8.GetString([System.IO.File]::ReadAllBytes($Path))
            $mark = [string][char]0xFEFF
            if ($text.StartsWith($mark, [System.StringComparison]::Ordinal)) { $text = $text.Substring(1) }
            $configuration = ConvertFrom-ConfigurationText $text
        }
    }
    catch [System.Text.DecoderFallbackException] { $problem = 'it is not written in UTF-8' }
    catch { $problem = 'it cannot be read: ' + $_.Exception.GetBaseException().GetType().Name }
    if ($problem -ne '') {
        $configuration = ConvertFrom-ConfigurationText ''
        $configuration.Problems = @($problem)
    }
    if ($configuration.Values['portal login_url'].Length -eq 0) {
        $configuration.Values['portal login_url'] = $DefaultLoginUrl
    }
    $problems = @()
    foreach ($each in $configuration.Problems) { $problems += "${Path}: $each" }
    $configuration.Problems = $problems
    $configuration.AccountPath = ''
    if ($problem -eq '') {
        $configuration.AccountPath = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($Path), $AccountFile)
    }
    return $configuration
}

# ---- secrets: only methods of .NET, never a cmdlet

# Returns the JSON of a table of texts and numbers.
function ConvertTo-JsonText([hashtable]$Fields) {
    $parts = @()
    foreach ($name in $Fields.Keys) {
        $value = [string]$Fields[$name]
        if ($Fields[$name] -is [string]) { $value = ConvertTo-JsonString $value }
        $parts += '"' + $name + '":' + $value
    }
    return '{' + [System.String]::Join(',', $parts) + '}'
}

function ConvertTo-JsonString([string]$Text) {
    $builder = [System.Text.StringBuilder]::new('"')
    foreach ($character in $Text.ToCharArray()) {
        $code = [int]$character
        if ($code -lt 0x20 -or $code -gt 0x7e -or $code -eq 0x22 -or $code -eq 0x5c) {
            [void]$builder.Append('\u').Append($code.ToString('x4'))
        }
        else { [void]$builder.Append($character) }
    }
    return $builder.Append('"').ToString()
}

# Returns @{email; password} of JSON, $null for anything else.
function ConvertFrom-AccountText($Text) {
    $fields = ConvertFrom-JsonText $Text
    if ($null -eq $fields) { return $null }
    if (-not ($fields['email'] -is [string]) -or -not ($fields['password'] -is [string])) { return $null }
    if ($fields['email'].Length -eq 0 -or $fields['password'].Length -eq 0) { return $null }
    return @{ email = $fields['email']; password = $fields['password'] }
}

# Returns the account in the body of the form; throws a Failure.
function ConvertFrom-FormText([string]$Body) {
    $fields = New-Table
    # No browser sends more than ASCII.
    if ($Body -cmatch '[^\x00-\x7f]') { throw (New-Failure 'not_signed_in') }
    foreach ($field in $Body.Split('&')) {
        $parts = $field.Split([char[]]@('='), 2)
        $name = [System.Net.WebUtility]::UrlDecode($parts[0])
        # As in a browser, a field without "=" has an empty value.
        if (-not $fields.ContainsKey($name)) { $fields[$name] = [System.Net.WebUtility]::UrlDecode(($parts + '')[1]) }
    }
    $account = @{ email = ([string]$fields['email']).Trim(); password = [string]$fields['password'] }
    if ($account['email'].Length -eq 0 -or $account['password'].Length -eq 0) { throw (New-Failure 'not_signed_in') }
    return $account
}

# Returns the account that the position's sealed file holds; throws a Failure.
function Read-PositionAccount([string]$Path) {
    try { $sealed = [System.IO.File]::ReadAllBytes($Path) }
    catch [System.UnauthorizedAccessException] {
        throw (New-Failure 'secret' "${Path}: access is denied; add this user to the group that may read it")
    }
    catch {
        throw (New-Failure 'secret' "${Path}: it is not there, or cannot be read; run the role portal_launcher again")
    }
    try {
        $scope = [System.Security.Cryptography.DataProtectionScope]::LocalMachine
        $text = $Utf8.GetString([System.Security.Cryptography.ProtectedData]::Unprotect($sealed, $Entropy, $scope))
    }
    catch {
        $advice = 'which was re-imaged, reset or cloned since; run the role portal_launcher again for this position'
        throw (New-Failure 'secret' "${Path}: it was not sealed on this installation of Windows, $advice")
    }
    $account = ConvertFrom-AccountText $text
    if ($null -eq $account) { throw (New-Failure 'secret' "${Path}: it does not hold an email address and a password") }
    return $account
}

# Returns the account that the site's command prints; throws a Failure.
function Read-CommandAccount([string]$Command) {
    $words = @(Split-Command $Command)
    $start = [System.Diagnostics.ProcessStartInfo]::new()
    $start.FileName = $words[0]
    for ($index = 1; $index -lt $words.Length; $index++) {
        $start.Arguments += (ConvertTo-WindowsArgument $words[$index]) + ' '
    }
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.StandardOutputEncoding = $Utf8
    try { $process = [System.Diagnostics.Process]::Start($start) }
    catch { throw (New-Failure 'command' ($words[0] + ' cannot be started')) }
    $process.StandardInput.Close()
    $reading = $process.StandardOutput.ReadToEndAsync()
    if (-not (Test-Done $reading $CommandSeconds) -or -not $process.WaitForExit(500)) {
        try { $process.Kill() }
        catch { [void]$process }
        throw (New-Failure 'command' ($words[0] + ' did not end within 2 seconds'))
    }
    if ($process.ExitCode -ne 0) {
        throw (New-Failure 'command' ($words[0] + ' ended with exit code ' + $process.ExitCode))
    }
    $account = ConvertFrom-AccountText $reading.Result
    if ($null -eq $account) {
        throw (New-Failure 'command' ($words[0] + ' did not print {"email": "...", "password": "..."}'))
    }
    return $account
}

# Returns the account, or $null if the user has still to be asked for it; throws a Failure.
function Get-KnownAccount([hashtable]$Configuration) {
    if ($Configuration.Values['account source'] -ceq 'position') {
        return (Read-PositionAccount $Configuration.AccountPath)
    }
    if ($Configuration.Values['account source'] -ceq 'command') {
        return (Read-CommandAccount $Configuration.Values['account command'])
    }
    $kept = Read-Memory 'account'
    if ($kept['email'] -is [string] -and $kept['password'] -is [string]) { return $kept }
    return $null
}

# ---- memory of the session: sealed for this user, in a volatile key (in memory only, gone when the user logs off)

# Returns the key, $null where it would be on disk: what somebody made there as an ordinary key is removed first.
function Open-Memory {
    $check = [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree
    for ($time = 0; $time -lt 2; $time++) {
        $key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey($StatePath, $check,
            [Microsoft.Win32.RegistryOptions]::Volatile)
        if (Test-Volatile $key) { return $key }
        $key.Dispose()
        [Microsoft.Win32.Registry]::CurrentUser.DeleteSubKeyTree($StatePath)
    }
    return $null
}

# Whether a key is in memory only: Windows makes no ordinary key below such a key (ERROR_CHILD_MUST_BE_VOLATILE).
function Test-Volatile([Microsoft.Win32.RegistryKey]$Key) {
    try { $Key.CreateSubKey('ordinary').Dispose() }
    catch { return (($_.Exception.GetBaseException().HResult -band 0xFFFF) -eq 1021) }
    return $false
}

# Returns why nothing can be kept between two calls, '' where it can: no profile of this user's own (a temporary or
# mandatory one) to seal it by.
function Get-MemoryProblem {
    try {
        if ($null -eq (Open-Memory)) { return "HKEY_CURRENT_USER\$StatePath is on disk, and cannot be replaced" }
        $scope = [System.Security.Cryptography.DataProtectionScope]::CurrentUser
        [void][System.Security.Cryptography.ProtectedData]::Protect([byte[]]@(0), $Entropy, $scope)
    }
    catch {
        return 'Windows seals nothing for this user, whose profile may be temporary or mandatory: ' +
            (Get-Failure $_).Message
    }
    return ''
}

# Returns the table that was stored, an empty one for none and for garbage.
function Read-Memory([string]$Name) {
    try {
        $sealed = [byte[]](Open-Memory).GetValue($Name)
        $scope = [System.Security.Cryptography.DataProtectionScope]::CurrentUser
        $bytes = [System.Security.Cryptography.ProtectedData]::Unprotect($sealed, $Entropy, $scope)
        $fields = ConvertFrom-JsonText ($Utf8.GetString($bytes))
        if ($null -ne $fields) { return $fields }
    }
    catch { return @{} }
    return @{}
}

# Stores the table. Nothing that goes wrong here can keep the Portal from being opened.
function Write-Memory([string]$Name, [hashtable]$Fields) {
    try {
        $scope = [System.Security.Cryptography.DataProtectionScope]::CurrentUser
        $sealed = [System.Security.Cryptography.ProtectedData]::Protect($Utf8.GetBytes((ConvertTo-JsonText $Fields)),
            $Entropy, $scope)
        (Open-Memory).SetValue($Name, $sealed, [Microsoft.Win32.RegistryValueKind]::Binary)
    }
    catch { [void]$Name }
}

function Remove-Memory([string]$Name) {
    try { (Open-Memory).DeleteValue($Name, $false) }
    catch { [void]$Name }
}

# ---- the login

# Seconds since the program was called, PowerShell's own start included.
function Get-Elapsed {
    return $StartSeconds + $Clock.Elapsed.TotalSeconds
}

function Get-Now {
    return [long][System.Math]::Floor(([System.DateTime]::UtcNow - [System.DateTime]::new(1970, 1, 1)).TotalSeconds)
}

# Whether one of .NET's tasks is done, well or badly, within these seconds. Nothing that happens on the line extends
# them.
function Test-Done([System.Threading.Tasks.Task]$Task, [double]$Seconds) {
    $until = (Get-Elapsed) + $Seconds
    do {
        $left = [System.Math]::Min(0.05, [System.Math]::Max(0.0, $until - (Get-Elapsed)))
        if ([System.Threading.Tasks.Task]::WaitAny([System.Threading.Tasks.Task[]]@($Task),
            [int](1000 * $left)) -ge 0) {
            return $true
        }
        Show-Progress
    } while ((Get-Elapsed) -lt $until)
    return $false
}

# Returns a client of the service: TLS 1.2, the computer's trusted authorities and proxy, no redirects, no cookies.
function New-Client {
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]::Tls12
    [System.Net.ServicePointManager]::Expect100Continue = $false
    $handler = [System.Net.Http.HttpClientHandler]::new()
    $handler.AllowAutoRedirect = $false
    $handler.UseCookies = $false
    # For the proxy alone, which may want to know who is logged on to Windows; the Portal's server is never told.
    $handler.DefaultProxyCredentials = [System.Net.CredentialCache]::DefaultCredentials
    $client = [System.Net.Http.HttpClient]::new($handler)
    $client.MaxResponseContentBufferSize = $MostFileBytes
    $client.DefaultRequestHeaders.Add('User-Agent', 'portal-launcher')
    $client.DefaultRequestHeaders.Add('Accept', 'application/json')
    return $client
}

# Returns what the proxy is called that Windows has for an address, '' for none.
function Get-ProxyName([string]$Url) {
    try {
        $address = [System.Uri]::new($Url)
        $proxies = [System.Net.WebRequest]::DefaultWebProxy
        if ($null -eq $proxies -or $proxies.IsBypassed($address)) { return '' }
        return 'the proxy http://' + $proxies.GetProxy($address).Authority
    }
    catch { return '' }
}

# Returns the result of a client's task; throws the Failure of one that is late or failed.
function Wait-Answer([System.Threading.Tasks.Task]$Task, [double]$Seconds, [string]$ApiUrl) {
    $name = Get-HostOf $ApiUrl
    if (-not (Test-Done $Task $Seconds) -or $Task.IsCanceled) {
        throw (New-Failure 'too_slow' $name -More ($Seconds.ToString('0.0',
            [System.Globalization.CultureInfo]::InvariantCulture)))
    }
    if ($Task.IsFaulted) {
        $proxy = Get-ProxyName $ApiUrl
        $found = Get-LineFailure (Get-Sign $Task.Exception) ($proxy.Length -gt 0)
        if (Test-Same $found[0] 'proxy') { throw (New-ProxyFailure $proxy $found[1]) }
        throw (New-Failure $found[0] $name -More $found[1])
    }
    return $Task.Result
}

function New-ProxyFailure([string]$Proxy, [string]$Sentence) {
    $check = 'check the proxy settings of Windows, or except the host there if it is reached without a proxy'
    return (New-Failure 'proxy' ($Sentence -f $Proxy, $check))
}

# Returns the names of what was thrown and of its causes, with the words that each has for its kind.
function Get-Sign([System.Exception]$Thrown) {
    $signs = @()
    for ($cause = $Thrown; $null -ne $cause; $cause = $cause.InnerException) {
        $signs += $cause.GetType().Name
        if ($cause -is [System.Net.WebException]) { $signs += [string]$cause.Status }
        if ($cause -is [System.Net.Sockets.SocketException]) { $signs += [string]$cause.SocketErrorCode }
        foreach ($name in @('HttpRequestError', 'StatusCode')) {
            $property = $cause.PSObject.Properties[$name]
            if ($null -ne $property -and $null -ne $property.Value) { $signs += [string]$property.Value }
        }
        # PowerShell 7's .NET says it in English everywhere, and in no other way.
        if ($cause -is [System.Security.Authentication.AuthenticationException] -and
            $cause.Message.Contains('certificate')) {
            $signs += 'Certificate'
        }
    }
    return $signs
}

# Begins a login, which is never repeated. Returns what Complete-Login needs.
function Start-Login([hashtable]$Configuration, [hashtable]$Account) {
    $content = [System.Net.Http.ByteArrayContent]::new($Utf8.GetBytes((ConvertTo-JsonText $Account)))
    $content.Headers.Add('Content-Type', 'application/json')
    $task = (New-Client).PostAsync($Configuration.Values['portal api_url'] + $LoginPath, $content)
    return @{ Configuration = $Configuration; Account = $Account; Task = $task; Until = (Get-Elapsed) + $LateSeconds }
}

# Returns @(token, expires_in) of a login; throws a Failure.
function Read-LoginAnswer([hashtable]$Login, [double]$Seconds) {
    $api_url = $Login.Configuration.Values['portal api_url']
    $name = Get-HostOf $api_url
    $answer = Wait-Answer $Login.Task $Seconds -ApiUrl $api_url
    $status = [int]$answer.StatusCode
    if ($status -eq 407) { throw (New-ProxyFailure (Get-ProxyName $api_url) $ProxyLogin) }
    $body = $answer.Content.ReadAsByteArrayAsync().Result
    $kind = Get-AnswerFailure $status $body
    if ($kind -ceq 'redirected') {
        $target = (Get-RedirectTarget ([string]$answer.Headers.Location)) + " (HTTP $status)"
        throw (New-Failure $kind $name -More $target)
    }
    if ($kind -ceq 'login_refused') { throw (New-Failure $kind $status) }
    if ($kind -ceq 'trouble' -or $kind -ceq 'intercepted') { throw (New-Failure $kind $name -More $status) }
    if ($kind -ceq 'busy') {
        $failure = New-Failure $kind $name
        $failure.Data['Pause'] = Get-PauseTime ([string]$answer.Headers.RetryAfter) (Get-Now)
        throw $failure
    }
    if ($null -ne $kind) { throw (New-Failure $kind $name -More "HTTP $status") }
    $pair = Get-AnswerToken $body
    if ($null -eq $pair[0]) { throw (New-Failure 'nonsense' $name -More "HTTP $status without a token") }
    return $pair
}

# Returns what distinguishes a password from another without storing it.
function Get-RefusalDigest([string]$Password, [string]$Salt) {
    $derived = [System.Security.Cryptography.Rfc2898DeriveBytes]::new($Password, $Utf8.GetBytes($Salt), 20000)
    return [System.BitConverter]::ToString($derived.GetBytes(20))
}

# Returns a token by what is kept or one login; throws a Failure. Two calls at once make one login. The login has its
# own time, however late it begins. Who waits for another call's login waits to its end, and sees a page meanwhile.
function Get-SessionToken([hashtable]$Configuration, [hashtable]$Account, [bool]$IsCacheUsed) {
    $mutex = [System.Threading.Mutex]::new($false, 'Local\PortalLauncher')
    $is_held = $false
    $until = (Get-Elapsed) + $LateSeconds + [double]$Configuration.Values['session login_timeout_seconds']
    try {
        while (-not $is_held) {
            try { $is_held = $mutex.WaitOne(50) }
            catch [System.Threading.AbandonedMutexException] { $is_held = $true }
            if (-not $is_held -and (Get-Elapsed) -ge $until) { throw (New-Failure 'another_login') }
            Show-Progress
        }
        return (Get-SessionTokenAlone $Configuration $Account -IsCacheUsed $IsCacheUsed)
    }
    finally {
        # Whoever comes next waits for a login that is still under way.
        if ($null -ne $Pending['Login']) { $Pending['Mutex'] = $mutex }
        elseif ($is_held) { $mutex.ReleaseMutex() }
    }
}

function Get-SessionTokenAlone([hashtable]$Configuration, [hashtable]$Account, [bool]$IsCacheUsed) {
    $api_url = $Configuration.Values['portal api_url']
    $email = $Account['email']
    if ($IsCacheUsed) {
        $minimum = $Configuration.Values['session minimum_remaining_seconds']
        $entry = Read-Memory 'token'
        $token = Get-CachedToken $entry $api_url -Email $email -Now (Get-Now) -MinimumRemainingSeconds $minimum
        if ($null -ne $token) { return $token }
    }
    $refusal = Read-Memory 'refusal'
    if (Test-RefusalInForce $refusal $api_url -Email $email -Now (Get-Now)) {
        $digest = Get-RefusalDigest $Account['password'] $refusal['salt']
        if (Test-Same $refusal['digest'] $digest) { throw (New-Failure 'login_still_refused') }
    }
    $pause = Read-Memory 'pause'
    if (Test-RefusalInForce $pause $api_url -Email $email -Now (Get-Now)) {
        throw (New-Failure 'still_busy' (Get-HostOf $api_url) -More ([long]$pause['until'] - (Get-Now)))
    }
    $login = Start-Login $Configuration $Account
    return (Complete-Login $login ([double]$Configuration.Values['session login_timeout_seconds']))
}

# Returns the token of a login and keeps what is to be kept of it; throws a Failure. One that does not answer in time is
# waited for at the end.
function Complete-Login([hashtable]$Login, [double]$Seconds) {
    $api_url = $Login.Configuration.Values['portal api_url']
    $email = $Login.Account['email']
    try { $pair = Read-LoginAnswer $Login $Seconds }
    catch {
        $failure = Get-Failure $_
        Write-Event -Severity 'Warning' -EventId 199 -Text (
            "login at $api_url as $(Get-AccountName $email) failed ($($failure.Data['Kind']))")
        if ($failure.Data['Kind'] -ceq 'too_slow') { $Pending['Login'] = $Login }
        if ($failure.Data['Kind'] -ceq 'login_refused') {
            $salt = New-Nonce
            $digest = Get-RefusalDigest $Login.Account['password'] $salt
            $refusal = @{ api_url = $api_url; email = $email; salt = $salt; digest = $digest }
            $refusal['until'] = (Get-Now) + $RefusalSeconds
            Write-Memory 'refusal' $refusal
            Remove-Memory 'account'
        }
        if ([long]$failure.Data['Pause'] -gt 0) {
            Write-Memory 'pause' @{ api_url = $api_url; email = $email; until = (Get-Now) + $failure.Data['Pause'] }
        }
        throw $failure
    }
    Write-Event 'Information' 198 -Text "logged in at $api_url as $(Get-AccountName $email)"
    $expires_at = Get-TokenExpiry $pair[0] $pair[1] -Now (Get-Now)
    Write-Memory 'token' @{ api_url = $api_url; email = $email; token = $pair[0]; expires_at = $expires_at }
    Remove-Memory 'refusal'
    if ($Login.Configuration.Values['account source'] -ceq 'user') { Write-Memory 'account' $Login.Account }
    return $pair[0]
}

# Keeps what a login that was given up still brings: the next call then needs none.
function Wait-LateLogin {
    $login = $Pending['Login']
    if ($null -eq $login) { return }
    $seconds = [System.Math]::Max(0.0, $login.Until - (Get-Elapsed))
    try {
        if (Test-Done $login.Task $seconds) { [void](Complete-Login $login 0.0) }
    }
    catch { [void]$login }
    finally { $Pending['Mutex'].ReleaseMutex() }
}

# ---- the listener: answers one request

function New-Nonce {
    $bytes = [byte[]]::new(24)
    [System.Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
    return [System.BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant()
}

# Returns a socket on 127.0.0.1, with the visitors that have not been answered. An HttpListener would need rights of an
# administrator.
function New-Listener {
    $socket = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $socket.ExclusiveAddressUse = $true
    $socket.Start($MostConnections)
    return @{ Socket = $socket; Port = $socket.LocalEndpoint.Port; Visitors = @() }
}

function Get-ListenerUrl([hashtable]$Listener, [string]$Path) {
    return 'http://127.0.0.1:' + $Listener.Port + $Path
}

# Returns the visitor @{Client; Text; Body} of the request that is waited for, $null when the time is up. Browsers also
# connect and say nothing.
function Wait-Visitor([hashtable]$Listener, [string]$Method, [string]$Path, [double]$Until) {
    while ((Get-Elapsed) -lt $Until) {
        for ($count = 0; $count -lt $MostConnections -and $Listener.Socket.Pending(); $count++) {
            Remove-GoneVisitor $Listener
            if ($Listener.Visitors.Length -ge $MostConnections) {
                # The oldest makes way: who keeps still must not keep the browser out.
                $Listener.Visitors[0].Client.Close()
                $Listener.Visitors[0].Client = $null
                Remove-GoneVisitor $Listener
            }
            $client = $Listener.Socket.AcceptTcpClient()
            if (Test-Peer $client) { $Listener.Visitors += @{ Client = $client; Text = ''; Body = '' } }
            else { $client.Close() }
        }
        foreach ($visitor in $Listener.Visitors) {
            if (-not (Read-Visitor $visitor)) { continue }
            $end = $visitor.Text.IndexOf("`r`n`r`n", [System.StringComparison]::Ordinal)
            $request = ConvertFrom-RequestHead ($visitor.Text.Substring(0, $end))
            $verdict = Get-RequestVerdict $request $Listener.Port -Method $Method -Path $Path
            if ($verdict -ne 200) {
                Send-Answer $Listener $visitor -Answer (Get-HttpAnswer $verdict @() -Body '')
                continue
            }
            $visitor.Body = $visitor.Text.Substring($end + 4)
            if ($Method -ceq 'GET') { return $visitor }
            $length = [int]$request.Headers['content-length']
            if ($visitor.Body.Length -ge $length) {
                $visitor.Body = $visitor.Body.Substring(0, $length)
                return $visitor
            }
        }
        # No cmdlet: each call of one may be written to a log.
        [System.Threading.Thread]::Sleep(10)
    }
    return $null
}

# Whether a connection comes from 127.0.0.1: the whole of 127.0.0.0/8 is this computer's. Whose it is is not asked:
# Windows shows the address, which is in the browser's command line, to its user and to administrators only;
# docs/portal_launcher.md says why that is enough.
function Test-Peer([System.Net.Sockets.TcpClient]$Client) {
    try { return ($Client.Client.RemoteEndPoint.Address.ToString() -ceq '127.0.0.1') }
    catch { return $false }
}

# Forgets the visitors who were answered or broke off.
function Remove-GoneVisitor([hashtable]$Listener) {
    $left = @()
    foreach ($each in $Listener.Visitors) {
        if ($null -ne $each.Client) { $left += $each }
    }
    $Listener.Visitors = $left
}

# Whether a visitor has said a whole head. One that says too much, or broke off, is closed and says nothing any more.
function Read-Visitor([hashtable]$Visitor) {
    if ($null -eq $Visitor.Client) { return $false }
    try {
        $buffer = [byte[]]::new($MostRequestBytes)
        while ($Visitor.Client.Available -gt 0 -and $Visitor.Text.Length -le 2 * $MostRequestBytes) {
            $count = $Visitor.Client.GetStream().Read($buffer, 0, $buffer.Length)
            $Visitor.Text += [System.Text.Encoding]::GetEncoding(28591).GetString($buffer, 0, $count)
        }
        if ($Visitor.Text.Length -gt 2 * $MostRequestBytes) { throw (New-Failure 'unexpected' 'a request is too long') }
    }
    catch {
        $Visitor.Client.Close()
        $Visitor.Client = $null
        return $false
    }
    return $Visitor.Text.Contains("`r`n`r`n")
}

# Sends an answer and ends the connection; what the other end does wrong is not our concern.
function Send-Answer([hashtable]$Listener, [hashtable]$Visitor, [string]$Answer) {
    $client = $Visitor.Client
    $Visitor.Client = $null
    Remove-GoneVisitor $Listener
    try {
        $client.SendTimeout = 1000
        $bytes = $Utf8.GetBytes($Answer)
        $client.GetStream().Write($bytes, 0, $bytes.Length)
        $client.Client.Shutdown([System.Net.Sockets.SocketShutdown]::Send)
        # What is left unread would reset the connection, and the answer with it.
        $client.ReceiveTimeout = 200
        $rest = [byte[]]::new($MostRequestBytes)
        for ($time = 0; $time -lt 8; $time++) {
            if ($client.GetStream().Read($rest, 0, $rest.Length) -eq 0) { break }
        }
    }
    catch { [void]$client }
    finally { $client.Close() }
}

function Close-Listener([hashtable]$Listener) {
    foreach ($visitor in $Listener.Visitors) {
        if ($null -ne $visitor.Client) { $visitor.Client.Close() }
    }
    $Listener.Socket.Stop()
}

# ---- browser, standard error, event log

# Opens an address in the configured or the default browser. It is the loopback's or a page's without secrets: lists of
# processes show it.
function Start-Browser([hashtable]$Configuration, [string]$Url) {
    try {
        $words = @(Split-Command $Configuration.Values['browser command'])
        if ($words.Length -eq 0) { Start-Process -FilePath $Url }
        else {
            $start = [System.Diagnostics.ProcessStartInfo]::new()
            $start.FileName = $words[0]
            for ($index = 1; $index -lt $words.Length; $index++) {
                $start.Arguments += (ConvertTo-WindowsArgument $words[$index]) + ' '
            }
            $start.Arguments += ConvertTo-WindowsArgument $Url
            $start.UseShellExecute = $true
            [void][System.Diagnostics.Process]::Start($start)
        }
    }
    catch { throw (New-Failure 'no_browser' 'the default browser, or the configured one, cannot be started') }
}

# Opens the call's address in Edge, which needs no default browser; where there is none, it stays at the first.
function Start-SecondBrowser([hashtable]$Call) {
    $Call.IsFirstBrowser = $false
    if ($Call.Configuration.Values['browser command'].Length -gt 0) { return }
    try { Start-Process -FilePath ('microsoft-edge:' + (Get-ListenerUrl $Call.Listener $Call.Path)) }
    catch { [void]$Call }
}

# Returns how an account is called in the event log; what is no e-mail address may be a password that was typed there.
function Get-AccountName([string]$Email) {
    if ($Email.Contains('@')) { return (Get-ShownText $Email) }
    return 'what is no e-mail address'
}

# Writes to the event log, where the role has registered its source: neither secrets nor the number.
function Write-Event([string]$Severity, [int]$EventId, [string]$Text) {
    try {
        [System.Diagnostics.EventLog]::WriteEntry('PortalLauncher', $Text,
            [System.Diagnostics.EventLogEntryType]$Severity, $EventId)
    }
    catch { [void]$Text }
}

# Says what failed, to whoever called and to the event log.
function Write-Report([System.Exception]$Failure) {
    $code = Get-ExitCode $Failure
    [System.Console]::Error.WriteLine("portal-launcher: $($Failure.Message) (exit code $code)")
    Write-Event 'Warning' (100 + $code) -Text "$($Failure.Message) ($($Failure.Data['Kind']), exit code $code)"
}

# ---- job one: open the Portal on a caller

# Returns the exit code. The browser, which takes longest, is started first: its request waits until there is an answer.
function Invoke-Call([hashtable]$Configuration, [string]$Argument, [string]$UsageProblem) {
    $call = @{
        Configuration = $Configuration
        Headline = (Get-ShownText $Argument)
        Digits = ''
        Path = '/' + (New-Nonce)
        Visitor = $null
        IsAfterPost = $false
        IsFirstBrowser = $true
        ProgressAt = $DecisionSeconds
    }
    $failure = $null
    try { Read-Number $call $Argument -UsageProblem $UsageProblem }
    catch { $failure = Get-Failure $_ }
    try {
        $call.Listener = New-Listener
        Start-Browser $Configuration (Get-ListenerUrl $call.Listener $call.Path)
        $call.BrowserBegan = Get-Elapsed
    }
    catch {
        $failure = Get-Failure $_
        if ($failure.Data['Kind'] -cne 'no_browser') { $failure = Open-LoginTab $call $failure }
        Write-Report $failure
        return (Get-ExitCode $failure)
    }
    $token = $null
    if ($null -eq $failure) {
        $Pending['Call'] = $call
        try { $token = Get-CallToken $call }
        catch { $failure = Get-Failure $_ }
        $Pending['Call'] = $null
    }
    try {
        if ($null -ne $failure) { $failure = Open-Fallback $call $failure }
        else { $failure = Open-Caller $call $token }
    }
    catch { $failure = Open-LoginTab $call (Get-Failure $_) }
    Close-Listener $call.Listener
    if ($null -eq $failure) { return 0 }
    Write-Report $failure
    return (Get-ExitCode $failure)
}

# Finds headline and digits; throws the Failure of what the caller of this program or its configuration did wrong.
function Read-Number([hashtable]$Call, [string]$Argument, [string]$UsageProblem) {
    $values = $Call.Configuration.Values
    $failure = $null
    $text = $Argument
    $text = Get-NumberText (Get-Beginning $text 1000) $values['caller url_scheme']
    $text = Get-PatternText (Get-Beginning $text 256) $values['caller pattern']
    $Call.Headline = Get-ShownText $text
    try {
        $national = $values['caller national_number_digits']
        $Call.Digits = Get-NormalisedNumber $text $values['caller country_code'] -NationalNumberDigits $national
        $Call.Headline = Get-FormattedNumber $Call.Digits
    }
    catch { $failure = Get-Failure $_ }
    if ($UsageProblem -ne '') { throw (New-Failure 'usage' $UsageProblem) }
    if ($Call.Configuration.Problems.Length -gt 0) {
        throw (New-Failure 'configuration' $Call.Configuration.Problems[0])
    }
    if ($null -ne $failure) { throw $failure }
}

# Returns the token; asks for the account first where it has to be asked for. Throws a Failure.
function Get-CallToken([hashtable]$Call) {
    $account = Get-KnownAccount $Call.Configuration
    if ($null -ne $account) { return (Get-SessionToken $Call.Configuration $account -IsCacheUsed $true) }
    $account = Read-AskedAccount $Call
    $Call.ProgressAt = (Get-Elapsed) + $DecisionSeconds
    return (Get-SessionToken $Call.Configuration $account -IsCacheUsed $false)
}

# Returns the account that is typed into a form, which is answered once; throws a Failure.
function Read-AskedAccount([hashtable]$Call) {
    $values = $Call.Configuration.Values
    if (-not (Test-Fetched $Call ($Call.BrowserBegan + $FetchSeconds))) { throw (New-Failure 'not_fetched') }
    $visitor = $Call.Visitor
    $Call.Path = '/' + (New-Nonce)
    $form = Get-FormPage $Call
    # With no-referrer browsers would send "Origin: null" along with the form.
    Send-Answer $Call.Listener $visitor -Answer (Get-PageAnswer $form 'same-origin' -FormTargets ("'self' " +
        (Get-OriginOf $values['portal query_url'])))
    $Call.Visitor = Wait-Visitor $Call.Listener 'POST' -Path $Call.Path -Until ((Get-Elapsed) + $FormSeconds)
    if ($null -eq $Call.Visitor) { throw (New-Failure 'not_signed_in') }
    $Call.IsAfterPost = $true
    return (ConvertFrom-FormText $Call.Visitor.Body)
}

# Whether the browser's request is there; it is held.
function Test-Fetched([hashtable]$Call, [double]$Until) {
    $again = $Call.BrowserBegan + $SecondBrowserSeconds
    if ($null -eq $Call.Visitor -and $Call.IsFirstBrowser -and $Until -gt $again) {
        $Call.Visitor = Wait-Visitor $Call.Listener 'GET' -Path $Call.Path -Until $again
        if ($null -eq $Call.Visitor) { Start-SecondBrowser $Call }
    }
    if ($null -eq $Call.Visitor) { $Call.Visitor = Wait-Visitor $Call.Listener 'GET' -Path $Call.Path -Until $Until }
    return ($null -ne $Call.Visitor)
}

# Shows who waits that the login takes long, once it does, in place of an answer: that page asks for the answer under
# another address.
function Show-Progress {
    $call = $Pending['Call']
    if ($null -eq $call -or (Get-Elapsed) -lt $call.ProgressAt -or -not (Test-Fetched $call ((Get-Elapsed) + 0.02))) {
        return
    }
    $call.ProgressAt = [double]::MaxValue
    $visitor = $call.Visitor
    $call.Visitor = $null
    $call.Path = '/' + (New-Nonce)
    $call.IsAfterPost = $false
    $call.BrowserBegan = Get-Elapsed
    $call.IsFirstBrowser = $false
    $page = Get-ProgressPage $call.Headline $call.Configuration.Values['portal login_url']
    $refresh = 'Refresh: 1; url=' + $call.Path
    $answer = Get-PageAnswer $page 'no-referrer' -FormTargets "'none'" -More $refresh
    Send-Answer $call.Listener $visitor -Answer $answer
}

# Returns $null, or the Failure of a browser that fetched nothing.
function Open-Caller([hashtable]$Call, [string]$Token) {
    $values = $Call.Configuration.Values
    if (-not (Test-Fetched $Call ($Call.BrowserBegan + $FetchSeconds))) {
        return (Open-LoginTab $Call (New-Failure 'not_fetched'))
    }
    $parameter = $values['portal query_token_parameter']
    $location = Get-QueryLocation $values['portal query_url'] $parameter -Digits $Call.Digits -Token $Token
    Send-Answer $Call.Listener $Call.Visitor -Answer (Get-RedirectAnswer $location $Call.IsAfterPost)
    return $null
}

# Returns the Failure to report: shows it, and opens the Portal's login beside it.
function Open-Fallback([hashtable]$Call, [System.Exception]$Failure) {
    $page = Get-PageAnswer (Get-FailurePage $Call $Failure.Message) 'no-referrer' -FormTargets "'none'"
    # Nothing waits for an answer any more where the form was shown and nobody sent it, or nobody fetched it.
    $is_over = @('not_signed_in', 'not_fetched') -ccontains $Failure.Data['Kind']
    $is_shown = $is_over -or (Test-Fetched $Call ((Get-Elapsed) + $LoginTabSeconds))
    if ($null -ne $Call.Visitor) { Send-Answer $Call.Listener $Call.Visitor -Answer $page }
    $reported = Open-LoginTab $Call $Failure
    if (-not $is_shown -and (Test-Fetched $Call ($Call.BrowserBegan + $FetchSeconds))) {
        Send-Answer $Call.Listener $Call.Visitor -Answer $page
    }
    return $reported
}

# Returns the Failure to report: the given one, or that of a browser that cannot be started.
function Open-LoginTab([hashtable]$Call, [System.Exception]$Failure) {
    try { Start-Browser $Call.Configuration $Call.Configuration.Values['portal login_url'] }
    catch { return (Get-Failure $_) }
    return $Failure
}

# Returns the exit code of the call without a number: the Portal's login, as it is.
function Invoke-LoginPage([hashtable]$Configuration) {
    $failure = $null
    if ($Configuration.Problems.Length -gt 0) { $failure = New-Failure 'configuration' $Configuration.Problems[0] }
    try { Start-Browser $Configuration $Configuration.Values['portal login_url'] }
    catch { $failure = Get-Failure $_ }
    if ($null -eq $failure) { return 0 }
    Write-Report $failure
    return (Get-ExitCode $failure)
}

# ---- job two: check

function Write-CheckLine([string]$Verdict, [string]$Name, [string]$Text) {
    [System.Console]::Out.WriteLine($Verdict.PadRight(8) + $Name + ': ' + $Text)
}

# Writes the line of one check, which says what is right or throws; returns its exit code.
function Invoke-Check([string]$Name, [scriptblock]$Check) {
    try {
        Write-CheckLine 'ok' $Name -Text (& $Check)
        return 0
    }
    catch {
        $failure = Get-Failure $_
        if ((Test-OneOf $failure.Data['Kind'] $DispatchersOwn) -and -not (Test-Desktop)) {
            $advice = 'this user has no desktop here, and a dispatcher may have another proxy or session: ' +
                'run --check as a dispatcher'
            Write-CheckLine 'skipped' $Name -Text "$($failure.Message); $advice"
            return 0
        }
        Write-CheckLine 'FAILED' $Name -Text $failure.Message
        return (Get-ExitCode $failure)
    }
}

# Whether this runs on a desktop, and not for a service or a login over the network, as a deployment does.
function Test-Desktop {
    return [System.Environment]::UserInteractive
}

# Returns what the role registers for links. %1 is the link: whatever it holds, it comes after --number, and no shell
# reads it. Through conhost.exe, since another terminal, if it is the default one, would show the window.
function Get-HandlerCommand {
    $system = [System.Environment]::SystemDirectory
    return '"' + $system + '\conhost.exe" "' + $system +
        '\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -NonInteractive ' +
        '-ExecutionPolicy RemoteSigned -WindowStyle Hidden -File "' + $PSCommandPath + '" --number "%1"'
}

# Whether a registered command is this one, or that of an earlier release, which is the same without conhost.exe.
function Test-HandlerCommand([string]$Registered) {
    $command = Get-HandlerCommand
    foreach ($each in @($command, $command.Substring($command.IndexOf('" "', [System.StringComparison]::Ordinal) +
        2))) {
        if ([System.String]::Equals($Registered, $each, [System.StringComparison]::OrdinalIgnoreCase)) { return $true }
    }
    return $false
}

# Returns the exit code of the first check that failed; writes a line for each thing that has to be right.
function Invoke-CheckJob([string]$Path, [bool]$IsLogInWanted) {
    $configuration = Read-Configuration $Path
    $values = $configuration.Values
    $codes = @()
    $found = @{ Account = $null }
    foreach ($problem in $configuration.Problems) { Write-CheckLine 'FAILED' 'configuration' -Text $problem }
    $problem = Get-MemoryProblem
    if ($problem.Length -eq 0) { Write-CheckLine 'ok' 'memory' -Text 'sealed for this user, and never on disk' }
    else {
        $result = 'each call of this user logs in, and a refused login is not remembered'
        Write-CheckLine 'skipped' 'memory' -Text "$problem; $result"
    }
    if ($configuration.Problems.Length -gt 0) {
        $codes += 3
        foreach ($name in @('account', 'connection', 'login')) {
            Write-CheckLine 'skipped' $name -Text 'correct the configuration first'
        }
    }
    else {
        Write-CheckLine 'ok' 'configuration' -Text $Path
        $codes += Invoke-Check "account (source = $($values['account source']))" {
            $found.Account = Get-KnownAccount $configuration
            if ($null -eq $found.Account) { return 'the user is asked on the first call of the session' }
            return 'an email address and a password are there'
        }
        $codes += Invoke-Check 'connection' {
            $address = $values['portal api_url']
            $asking = (New-Client).GetAsync($address + '/', [System.Net.Http.HttpCompletionOption]::ResponseHeadersRead)
            [void](Wait-Answer $asking ([double]$values['session login_timeout_seconds']) -ApiUrl $address)
            return "$address is trusted"
        }
        if (-not $IsLogInWanted) { Write-CheckLine 'skipped' 'login' -Text 'add --log-in to try one' }
        elseif ($null -eq $found.Account) {
            Write-CheckLine 'skipped' 'login' -Text 'there is no account to log in with'
        }
        else {
            $codes += Invoke-Check 'login' {
                [void](Get-SessionToken $configuration $found.Account -IsCacheUsed $false)
                return 'the Portal accepted it'
            }
        }
    }
    $scheme = $values['caller url_scheme']
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey("SOFTWARE\Classes\$scheme\shell\open\command")
    $registered = ''
    if ($null -ne $key) { $registered = [string]$key.GetValue('') }
    if (Test-HandlerCommand $registered) {
        Write-CheckLine 'ok' 'handler' -Text "$scheme links are opened by $PSCommandPath"
    }
    else {
        $problem = 'links are not opened by this program; run the role portal_launcher again'
        Write-CheckLine 'FAILED' 'handler' -Text "$scheme $problem"
        $codes += 6
    }
    foreach ($code in $codes) {
        if ($code -ne 0) { return $code }
    }
    return 0
}

# ---- command line

# Returns @{Configuration; Options; HasNumber; Number; Problem}, '' for what is not given. Whatever follows "--number"
# or "--" is the number: a CAD, or the page with a link, chose it. Before that, words are taken only as they are spelt
# in full. powershell.exe parts an argument such as -a:b.
function Read-CommandLine([string[]]$Arguments) {
    $asked = @{ Configuration = ''; Options = @(); HasNumber = $false; Number = ''; Problem = '' }
    $problems = @()
    $words = @()
    $given = @()
    for ($index = 0; $index -lt $Arguments.Length; $index++) {
        $word = $Arguments[$index]
        if ((Test-OneOf $word @('--number', '--')) -or
            $word.StartsWith('--number=', [System.StringComparison]::Ordinal)) {
            $rest = @()
            if ($word.StartsWith('--number=', [System.StringComparison]::Ordinal)) { $rest += $word.Substring(9) }
            for ($after = $index + 1; $after -lt $Arguments.Length; $after++) { $rest += $Arguments[$after] }
            if ($rest.Length -gt 0 -or (Test-Same $word '--number')) {
                $asked['HasNumber'] = $true
                $given += [System.String]::Join(' ', $rest)
            }
            $index = $Arguments.Length
        }
        elseif (Test-OneOf $word @('--check', '--log-in', '--version', '--help')) {
            $asked['Options'] += $word.Substring(2)
        }
        elseif (Test-OneOf $word @('--stdin', '-')) { $asked['Options'] += 'stdin' }
        elseif ((Test-Same $word '--configuration') -and $index + 1 -lt $Arguments.Length) {
            $index++
            $path = $Arguments[$index]
            if ($asked['Configuration'].Length -gt 0 -or $words.Length -gt 0) {
                $problems += '--configuration is given twice, or after the number'
            }
            elseif ($path.Length -eq 0 -or $path.Length -gt $MostPathCharacters -or
                -not (Test-Same $path (Get-PrintableText $path))) {
                $problems += 'the path after --configuration is empty, too long, or contains a control character'
            }
            else { $asked['Configuration'] = $path }
        }
        elseif ($word.StartsWith('-', [System.StringComparison]::Ordinal)) {
            $problems += 'unknown or incomplete option ' + (Get-ShownText $word)
        }
        else { $words += $word }
    }
    if ($words.Length -gt 1 -or ($words.Length -gt 0 -and $asked['HasNumber'])) {
        $problems += 'more than one number; put quotes around a number with spaces'
    }
    if ($words.Length -gt 0) { $asked['HasNumber'] = $true }
    $asked['Number'] = [System.String]::Join(' ', $words + $given)
    if ($asked['Options'] -ccontains 'log-in' -and -not ($asked['Options'] -ccontains 'check')) {
        $problems += '--log-in requires --check'
    }
    $count = 0
    foreach ($option in $asked['Options']) {
        if ($option -cne 'log-in') { $count++ }
    }
    if ($count -gt 1 -or ($count -gt 0 -and $asked['HasNumber'])) {
        $problems += 'give one of a number, --stdin, --check, --version and --help'
    }
    if ($problems.Length -gt 0) { $asked['Problem'] = $problems[0] }
    return $asked
}

# Returns the first line of standard input, '' if none comes in time.
function Read-InputLine {
    $reading = [System.IO.StreamReader]::new([System.Console]::OpenStandardInput()).ReadLineAsync()
    if (Test-Done $reading $StandardInputSeconds) { return [string]$reading.Result }
    return ''
}

# Loads what Windows PowerShell does not have from the start, by its whole name: then it comes from the system, and
# never from where the CAD runs.
function Import-Assembly {
    $identity = ', Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a'
    if ($null -eq ('System.Net.Http.HttpClient' -as [type])) {
        [void][System.Reflection.Assembly]::Load('System.Net.Http' + $identity)
    }
    if ($null -eq ('System.Security.Cryptography.ProtectedData' -as [type])) {
        [void][System.Reflection.Assembly]::Load('System.Security' + $identity)
    }
}

function Get-VersionText {
    $sum = [System.Security.Cryptography.SHA256]::Create().ComputeHash([System.IO.File]::ReadAllBytes($PSCommandPath))
    return "portal-launcher $Version`r`nsha256 " + [System.BitConverter]::ToString($sum).Replace('-',
        '').ToLowerInvariant()
}

# Returns the exit code.
function Invoke-Launcher([string[]]$Arguments) {
    # A program or a file that is named without a directory must not be looked for where the CAD runs.
    [System.Environment]::CurrentDirectory = [System.Environment]::SystemDirectory
    $asked = Read-CommandLine $Arguments
    $options = @()
    if ($asked.Problem -eq '') { $options = $asked.Options }
    if ($options -ccontains 'help') {
        [System.Console]::Out.WriteLine($Usage)
        return 0
    }
    if ($options -ccontains 'version') {
        [System.Console]::Out.WriteLine((Get-VersionText))
        return 0
    }
    Import-Assembly
    $path = $asked.Configuration
    if ($path.Length -eq 0) { $path = $ConfigurationPath }
    if ($options -ccontains 'check') { return (Invoke-CheckJob $path ($options -ccontains 'log-in')) }
    $configuration = Read-Configuration $path
    $argument = $asked.Number
    if ($options -ccontains 'stdin') { $argument = Read-InputLine }
    elseif (-not $asked.HasNumber -and $asked.Problem -eq '') { return (Invoke-LoginPage $configuration) }
    return (Invoke-Call $configuration $argument -UsageProblem $asked.Problem)
}

$StartSeconds = [System.DateTime]::Now - [System.Diagnostics.Process]::GetCurrentProcess().StartTime
$StartSeconds = [System.Math]::Max(0.0, $StartSeconds.TotalSeconds)
try { $code = Invoke-Launcher ([string[]]@($args)) }
catch {
    $failure = Get-Failure $_
    [System.Console]::Error.WriteLine("portal-launcher: $($failure.Message) (exit code 1)")
    # Nobody expected it, so that nothing may have been opened yet.
    if (-not (Test-OneOf ([string]@($args)[0]) @('--check', '--version', '--help'))) {
        Start-Process -FilePath $DefaultLoginUrl
    }
    $code = 1
}
Wait-LateLogin
# The .cmd opens the login page where it sees 1, which is powershell.exe's own code too.
$code = [int]@($code)[-1]
if ($code -eq 1 -and $null -ne [System.Environment]::GetEnvironmentVariable('PORTAL_LAUNCHER_CALLER')) { $code = 101 }
exit $code
