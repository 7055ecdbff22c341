# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# cmake -DCOMMAND=program|arg|... -DSTATUS=n [-DSTDOUT_OF=source] [-DSTDERR=regex] -P check_run.cmake

string(REPLACE "|" ";" command "${COMMAND}")
execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)

if(NOT status STREQUAL STATUS)
  message(FATAL_ERROR "exit status ${status}, expected ${STATUS}\n--- stdout\n${out}\n--- stderr\n${err}")
endif()
if(STDERR AND NOT err MATCHES "${STDERR}")
  message(FATAL_ERROR "stderr does not match ${STDERR}\n--- stderr\n${err}")
endif()
if(STDOUT_OF)
  file(READ "${STDOUT_OF}" source)
  set(heading "\n// Expected output:\n")
  string(FIND "${source}" "${heading}" start REVERSE)
  if(start EQUAL -1)
    message(FATAL_ERROR "${STDOUT_OF} does not end in a comment '// Expected output:'")
  endif()
  string(LENGTH "${heading}" length)
  math(EXPR start "${start} + ${length} - 1")
  string(SUBSTRING "${source}" ${start} -1 expected)
  string(REGEX REPLACE "\n// ?" "\n" expected "${expected}")
  string(SUBSTRING "${expected}" 1 -1 expected)
  if(NOT out STREQUAL expected)
    message(FATAL_ERROR "the output is not the one in ${STDOUT_OF}\n--- stdout\n${out}--- expected\n${expected}")
  endif()
endif()
