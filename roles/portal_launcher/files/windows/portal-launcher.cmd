@echo off
rem SPDX-License-Identifier: GPL-3.0-or-later
rem Copyright (c) 2026 eccops.rapid maintainers
rem Calls portal-launcher.ps1 beside it. A CAD hands its argument in double quotes, or as the first line of standard input with "-".
rem cmd.exe reads a command line before any line of this file: links of web pages never come through here, see docs/windows_runbook.md.
rem The console of a person who calls it stays; the one that a CAD's call makes is hidden.
setlocal EnableExtensions EnableDelayedExpansion
set "window="
if not "!cmdcmdline:/c=!"=="!cmdcmdline!" set "window=-WindowStyle Hidden"
endlocal & set "PORTAL_LAUNCHER_WINDOW=%window%"
"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned %PORTAL_LAUNCHER_WINDOW% -File "%~dp0portal-launcher.ps1" %*
rem 2 to 6 are the program's own answers. Anything else says that it could not run at all: then the plain login page is opened from here.
if "%ERRORLEVEL%"=="0" exit /b 0
if errorlevel 2 if not errorlevel 7 exit /b %ERRORLEVEL%
start "" "%~dp0portal-login.url"
exit /b 3
