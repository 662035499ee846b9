@rem Runs Maven on a JDK 25 or newer, wherever the default java points. Uses the installed mvn; without one, and with
@rem MVNW_REPOURL naming a Maven repository, fetches Maven's distribution from there, once.
@echo off
setlocal
call "%~dp0.mvn\find-jdk.cmd" mvnw || exit /b 1
cd /d "%~dp0"
where mvn >nul 2>nul && (call mvn %* & exit /b)

set "version=3.9.11"
set "cache=%LOCALAPPDATA%\pbs2p"
set "maven=%cache%\apache-maven-%version%"
if exist "%maven%\bin\mvn.cmd" goto run
if not defined MVNW_REPOURL (
    echo mvnw: Maven is not installed: install it, or set MVNW_REPOURL to the address of a Maven repository to fetch it from. 1>&2
    exit /b 1
)
echo mvnw: fetching Maven %version% 1>&2
if not exist "%cache%" mkdir "%cache%"
set "archive=%cache%\apache-maven-%version%-bin.zip"
curl -fsSL "%MVNW_REPOURL%/org/apache/maven/apache-maven/%version%/apache-maven-%version%-bin.zip" -o "%archive%" || (
    echo mvnw: cannot download Maven: check MVNW_REPOURL. 1>&2
    exit /b 1
)
tar -xf "%archive%" -C "%cache%" || exit /b 1
del "%archive%"
:run
call "%maven%\bin\mvn.cmd" %*
