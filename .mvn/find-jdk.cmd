@rem Called by mvnw.cmd and pbs2p.cmd: sets JAVA_HOME to a JDK of version 25 or newer, or ends with errorlevel 1.
@echo off
if defined JAVA_HOME call :use "%JAVA_HOME%" && exit /b 0
for /f "delims=" %%j in ('where javac 2^>nul') do for %%b in ("%%~dpj..") do call :use "%%~fb" && exit /b 0
for /d %%d in ("%ProgramFiles%\Java\*" "%ProgramFiles%\Eclipse Adoptium\*" "%ProgramFiles%\Microsoft\jdk*" "%ProgramFiles%\Zulu\*" "%ProgramFiles%\Amazon Corretto\*" "%ProgramFiles%\BellSoft\*" "%USERPROFILE%\.jdks\*" "%USERPROFILE%\.sdkman\candidates\java\*") do call :use "%%~d" && exit /b 0
echo %~1: no JDK 25 or newer found in JAVA_HOME, PATH or the usual folders: install one (for example: winget install EclipseAdoptium.Temurin.25.JDK) or set JAVA_HOME to it. 1>&2
exit /b 1

:use
if not exist "%~1\bin\javac.exe" exit /b 1
set "pbs2p_version="
for /f "tokens=2 delims==." %%v in ('findstr /b JAVA_VERSION= "%~1\release" 2^>nul') do set "pbs2p_version=%%~v"
if not defined pbs2p_version exit /b 1
set "pbs2p_version=%pbs2p_version:"=%"
if %pbs2p_version% LSS 25 exit /b 1
set "JAVA_HOME=%~1"
exit /b 0
