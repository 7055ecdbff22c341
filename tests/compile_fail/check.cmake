# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

# cmake -D compiler=... -D compiler_id=GNU|Clang -D include=DIR -D read_once=HEADER -D source=FILE -D kind=refused|control
#       -P check.cmake
set(define "")
if(kind STREQUAL "control")
    set(define -DFOREBAY_CONTROL)
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C
                        ${compiler} -std=c++20 -fsyntax-only -Wall -Wextra -fno-diagnostics-color ${define} -I${include}
                        -include ${read_once} ${source}
                RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)

function(fail why)
    message("${source}\nthe compiler said:\n${said}")  # apart, because what is fatal is wrapped
    message(FATAL_ERROR "compile_fail check: ${why}")
endfunction()

if(kind STREQUAL "control")
    if(NOT status EQUAL 0)
        fail("the control, without the mistake, does not compile")
    endif()
    return()
endif()

if(status EQUAL 0)
    fail("the mistake compiles")
endif()
set(own "g\\+\\+")
if(compiler_id MATCHES "Clang")
    set(own "clang\\+\\+")
endif()
file(STRINGS ${source} expected REGEX "^// expect( ${own})?: ")
if(NOT expected)
    fail("no line '// expect: words' for this compiler")
endif()
foreach(words IN LISTS expected)
    string(REGEX REPLACE "^// expect[^:]*: " "" words "${words}")
    string(FIND "${said}" "${words}" at)
    if(at EQUAL -1)
        fail("expected the words: ${words}")
    endif()
endforeach()
file(STRINGS ${source} count REGEX "^// errors: [0-9]+$")
if(count)
    string(REGEX REPLACE "^// errors: " "" count "${count}")
    # A list of the matches; their number is what counts, and no match holds a semicolon.
    string(REGEX MATCHALL "[0-9]: (fatal )?error: " errors "${said}")
    list(LENGTH errors errors)
    if(NOT errors EQUAL count)
        fail("expected ${count} error(s), got ${errors}")
    endif()
endif()
