# find_package(marginalia-contract): marginalia::contract has the services' stubs and messages,
# marginalia::error_details what errors carry (google.rpc).
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(absl CONFIG)
find_dependency(Protobuf)
find_dependency(gRPC CONFIG)
include(${CMAKE_CURRENT_LIST_DIR}/marginalia-contract-targets.cmake)
