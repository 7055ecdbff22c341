# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

# A stranger's project comes by forebay in each of the three ways, builds and runs. Included by tests/CMakeLists.txt to
# register the tests; run with `cmake -D way=... -P` by each of them.
if(NOT CMAKE_SCRIPT_MODE_FILE)
    foreach(way IN ITEMS find_package add_subdirectory FetchContent)
        add_test(NAME "consumer: a stranger's project uses forebay by ${way}"
                 COMMAND ${CMAKE_COMMAND} -D way=${way} -D source=${PROJECT_SOURCE_DIR} -D version=${PROJECT_VERSION}
                         -D work=${CMAKE_CURRENT_BINARY_DIR}/consumer/${way} -D compiler=${CMAKE_CXX_COMPILER}
                         -D generator=${CMAKE_GENERATOR} -P ${CMAKE_CURRENT_LIST_FILE})
        set_tests_properties("consumer: a stranger's project uses forebay by ${way}" PROPERTIES TIMEOUT 600)
    endforeach()
    return()
endif()

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "consumer: failed with ${status}: ${command}")
    endif()
endfunction()

file(REMOVE_RECURSE ${work})
set(place -D FOREBAY_SOURCE=${source})
set(settings -G ${generator} -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_BUILD_TYPE=Debug)
if(way STREQUAL "find_package")
    # Installed in one place and moved to another, as packages are.
    run(${CMAKE_COMMAND} -S ${source} -B ${work}/package ${settings} -D CMAKE_INSTALL_PREFIX=${work}/made
        -D FOREBAY_BUILD_TESTS=OFF -D FOREBAY_BUILD_EXAMPLES=OFF)
    run(${CMAKE_COMMAND} --install ${work}/package)
    file(RENAME ${work}/made ${work}/moved)
    file(GLOB_RECURSE headers RELATIVE ${source}/include ${source}/include/forebay/*.hpp)
    foreach(header IN LISTS headers)
        if(NOT EXISTS ${work}/moved/include/${header})
            message(FATAL_ERROR "consumer: ${header} was not installed")
        endif()
    endforeach()
    set(place -D CMAKE_PREFIX_PATH=${work}/moved -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
endif()

run(${CMAKE_COMMAND} -S ${source}/tests/consumer -B ${work}/build ${settings} ${place} -D FOREBAY_WAY=${way}
    -D FOREBAY_EXPECTED_VERSION=${version} -D CMAKE_INSTALL_PREFIX=${work}/stranger)
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/stranger)

# What a stranger installs is the stranger's own.
run(${CMAKE_COMMAND} --install ${work}/build)
if(EXISTS ${work}/stranger/include OR EXISTS ${work}/stranger/share)
    message(FATAL_ERROR "consumer: forebay was installed along with the stranger's project")
endif()
