# `cmake --install build/release --prefix DIR`, and `cpack --config build/release/CPackConfig.cmake` for a tarball:
# the program, the scenario suite with its schema and the list of rules, so that a CI need not compile.
# The libraries that the program needs at run time are Debian packages: docs/guides/install.md.
include(GNUInstallDirs)

install(TARGETS moltgate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY scenarios/suite scenarios/schema scenarios/spec
  DESTINATION ${CMAKE_INSTALL_DATADIR}/moltgate/scenarios)
install(FILES README.md CHANGELOG.md wrangler.jsonc DESTINATION ${CMAKE_INSTALL_DATADIR}/moltgate)
install(DIRECTORY docs/guides/ DESTINATION ${CMAKE_INSTALL_DATADIR}/moltgate/guides)

set(CPACK_PACKAGE_NAME moltgate)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_FILE_NAME moltgate-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_GENERATOR TGZ)
set(CPACK_STRIP_FILES ON)
include(CPack)
