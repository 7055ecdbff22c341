#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: bash tests/run.sh [--compiler g++|clang++-19] [--sanitizer none|address|thread] [--folders A,B...] [--no-examples] [--together]
                         [ctest arguments]

Configures, builds and runs the tests in build/COMPILER-SANITIZER.
  --compiler   any g++ >= 12 or clang++ >= 17 by its command; default g++
  --sanitizer  none, address (with undefined behaviour) or thread; default none
  --folders    builds the test programs of these folders alone, such as queue,sim (base: the files at the top); default all
  --no-examples  leaves the examples and their tests out
  --together   runs each test program once, not once for each of its tests: with sanitizers, which take long to start
  the rest     goes to ctest: -R REGEX runs only the tests whose names match, -V shows all they say

What is missing (compiler, cmake, make, Catch2, CLI11, nlohmann-json) is installed with apt-get where that is possible (as root, or by sudo
without a password); else it is named. Status: ctest's, 1 if the build failed, 2 if something is missing or wrong.
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
compiler=g++
sanitizer=none
folders=
together=OFF
examples=ON
ctest_arguments=()
while (($# > 0)); do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --compiler | --sanitizer | --folders)
            (($# > 1)) || { echo "tests/run.sh: $1 needs a value" >&2; usage >&2; exit 2; }
            printf -v "${1#--}" '%s' "$2"
            shift
            ;;
        --compiler=*) compiler=${1#*=} ;;
        --sanitizer=*) sanitizer=${1#*=} ;;
        --together) together=ON ;;
        --no-examples) examples=OFF ;;
        --folders=*) folders=${1#*=} ;;
        *) ctest_arguments+=("$1") ;;
    esac
    shift
done
case $(basename "$compiler") in
    g++ | g++-[0-9]* | clang++ | clang++-[0-9]*) ;;
    *) echo "tests/run.sh: --compiler must be g++, g++-N, clang++ or clang++-N, not '$compiler'" >&2; exit 2 ;;
esac
case $sanitizer in
    none) sanitizer_flags=() ;;
    address) sanitizer_flags=(-fsanitize=address,undefined) ;;
    thread) sanitizer_flags=(-fsanitize=thread) ;;
    *) echo "tests/run.sh: --sanitizer must be none, address or thread, not '$sanitizer'" >&2; exit 2 ;;
esac

# Each probe tries the thing itself, not the package: it may have come another way.
links() { echo 'int main() {}' | "$compiler" "$@" -x c++ - -o /dev/null 2>/dev/null; }
has_catch2() {
    echo '#if !__has_include(<catch2/catch_all.hpp>) && !__has_include(<catch2/catch.hpp>)
          #error
          #endif' | "$compiler" -E -x c++ - >/dev/null 2>&1
}
has_header() { echo "#include <$1>" | "$compiler" -std=c++20 -E -x c++ - >/dev/null 2>&1; }
missing_packages() {
    command -v cmake >/dev/null || echo cmake
    command -v ninja >/dev/null || command -v make >/dev/null || echo make
    if ! command -v "$compiler" >/dev/null || ! links; then
        case $(basename "$compiler") in
            clang++-*) echo "clang-${compiler##*-} libstdc++-12-dev" ;;
            clang++) echo clang ;;
            *) basename "$compiler" ;;
        esac
    fi
    if [[ $sanitizer != none ]] && ! links "${sanitizer_flags[@]}"; then
        case $(basename "$compiler") in
            clang++-*) echo "libclang-rt-${compiler##*-}-dev" ;;
            *) echo libstdc++-12-dev ;;  # brings gcc's sanitizers along
        esac
    fi
    has_catch2 || echo catch2
    has_header CLI/CLI.hpp || echo libcli11-dev
    has_header nlohmann/json.hpp || echo nlohmann-json3-dev
}
missing=($(missing_packages))
if ((${#missing[@]} > 0)); then
    as_root=()
    [[ $(id -u) == 0 ]] || as_root=(sudo -n)
    install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    echo "tests/run.sh: missing ${missing[*]}"
    if command -v apt-get >/dev/null && { ((${#as_root[@]} == 0)) || sudo -n true 2>/dev/null; }; then
        # The lists may be old, or empty on a fresh machine: only then are they fetched.
        "${install[@]}" install -y --no-install-recommends "${missing[@]}" ||
            { "${install[@]}" update && "${install[@]}" install -y --no-install-recommends "${missing[@]}"; } || true
    fi
    missing=($(missing_packages))
    if ((${#missing[@]} > 0)); then
        echo "tests/run.sh: please install: ${missing[*]}   (names as in Debian)" >&2
        exit 2
    fi
fi

build=$root/build/$(basename "$compiler")-$sanitizer
generator=()
if [[ ! -f $build/CMakeCache.txt ]] && command -v ninja >/dev/null; then generator=(-G Ninja); fi
# As much optimising as pays: it halves the time of the random tests, and g++'s -Og compiles in three quarters of -O1's time
# (to clang they are the same). With the checks of undefined behaviour it does not pay: to optimise those takes three times
# as long as to compile them. -g1 is what a sanitizer's report needs. The assertions are libstdc++'s own checks of indices,
# iterators and arguments.
case $sanitizer in
    none) flags='-Og' ;;
    address) flags='-O0 -g1' ;;
    thread) flags='-O1 -g1' ;;
esac
lab=ON
[[ $sanitizer == none ]] || lab=OFF  # see tests/CMakeLists.txt
cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG="$flags -D_GLIBCXX_ASSERTIONS" -DFOREBAY_SANITIZER="$sanitizer" \
    -DFOREBAY_WARNINGS_AS_ERRORS=ON -DFOREBAY_BUILD_TESTS=ON -DFOREBAY_BUILD_EXAMPLES="$examples" \
    -DFOREBAY_BUILD_LAB="$lab" -DFOREBAY_TEST_FOLDERS="${folders//,/;}" -DFOREBAY_TESTS_TOGETHER="$together"
cores=$(nproc)
# All that can be built is built and judged, so that one run tells everything.
keep_going=(-k)
if grep -q '^CMAKE_GENERATOR:INTERNAL=Ninja' "$build/CMakeCache.txt"; then keep_going=(-k 0); fi
built=yes
cmake --build "$build" --parallel "$cores" -- "${keep_going[@]}" || { built=no; echo 'tests/run.sh: the build failed' >&2; }
cd "$build"
status=0
ctest --output-on-failure --no-tests=error --parallel "$cores" "${ctest_arguments[@]}" || status=$?
if [[ $built == no ]]; then
    echo 'tests/run.sh: the build failed, see above' >&2
    status=1
fi
exit $status
