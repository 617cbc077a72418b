# mg_library(name folder LINKS ...): a static library of every source in the folder (main.cc excepted), or an
# interface library while the folder holds headers alone.
function(mg_library name folder)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ${ARG_LINKS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_LINKS})
  endif()
endfunction()

# mg_embed_migrations(name folder): the folder's *.sql as a library with one generated source.
function(mg_embed_migrations name folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.sql)
  set(out ${CMAKE_BINARY_DIR}/generated/embedded_migrations.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${files}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake VERBATIM)
  add_library(${name} STATIC ${out})
endfunction()

# mg_test(name folder LINKS ... [ALONE suite]): one gtest binary of every *_test.cc in tests/<folder>, labelled by its
# name. The tests of the suite ALONE run while no other test does.
function(mg_test name folder)
  cmake_parse_arguments(ARG "" "ALONE" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gmock GTest::gtest_main)
  set(properties LABELS ${name} TIMEOUT 120 ENVIRONMENT "MOLTGATE_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  if(ARG_ALONE)
    gtest_discover_tests(${name} TEST_FILTER "${ARG_ALONE}.*" PROPERTIES ${properties} RUN_SERIAL TRUE
      DISCOVERY_TIMEOUT 60)
    set(others TEST_FILTER "-${ARG_ALONE}.*")
  endif()
  gtest_discover_tests(${name} ${others} PROPERTIES ${properties} DISCOVERY_TIMEOUT 60)
endfunction()
