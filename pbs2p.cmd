@rem Starts pbs2p on a JDK 25 or newer with the flags it needs; builds it first if it was never built.
@echo off
setlocal
call "%~dp0.mvn\find-jdk.cmd" pbs2p || exit /b 1
set "target=%~dp0cli\target"
if exist "%target%\classpath" goto run
<nul set /p "=pbs2p: building (first use takes a few minutes and downloads about 200 MB) ... " 1>&2
if not exist "%target%" mkdir "%target%"
call "%~dp0mvnw.cmd" -B -q package -DskipTests -Djacoco.skip=true -Dspotless.check.skip=true >"%target%\build.log" 2>&1
if errorlevel 1 (
    echo failed: 1>&2
    type "%target%\build.log" 1>&2
    exit /b 1
)
echo done 1>&2
:run
for /f "usebackq delims=" %%c in ("%target%\classpath") do set "CLASSPATH=%target%\pbs2p.jar;%%c"
rem LibTorch's threads wait asleep: where they spin, they take the cores from those that work.
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=passive"
"%JAVA_HOME%\bin\java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:+UseG1GC -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10 -XX:MaxRAMPercentage=50 -Dfile.encoding=UTF-8 "-Dpbs2p.home=%~dp0." %PBS2P_JAVA_OPTIONS% dev.pbs2p.cli.Main %*
