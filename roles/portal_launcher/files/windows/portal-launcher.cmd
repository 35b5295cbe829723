@echo off
setlocal DisableDelayedExpansion
rem SPDX-License-Identifier: GPL-3.0-or-later
rem Copyright (c) 2026 eccops.rapid maintainers
rem Calls portal-launcher.ps1 beside it. A CAD calls it with --number "5555555555", or with --stdin and the number as the first line of standard input.
rem Whatever follows --number is the number, and never an option.
rem cmd.exe reads a command line before any line of this file: links of web pages never come through here, see docs/windows_runbook.md.
rem No window is hidden here: it may be the console of a person. What the role registers for links hides its own.
rem powershell.exe ends with 1 where it may not run the program. The program, told so, ends with 101 for its own 1.
set "PORTAL_LAUNCHER_CALLER=cmd"
set "ERRORLEVEL="
"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File "%~dp0portal-launcher.ps1" %*
rem 2 to 6 are the program's own answers. Anything else says that it could not run at all: then the plain login page is opened from here.
if "%ERRORLEVEL%"=="0" exit /b 0
if "%ERRORLEVEL%"=="101" exit /b 1
if errorlevel 2 if not errorlevel 7 exit /b %ERRORLEVEL%
start "" "%~dp0portal-login.url"
exit /b 3
