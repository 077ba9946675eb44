# Lets every target compile with tests/precompiled.h read already. Eight sources with sanitizers took 53 s of
# CPU with g++ and 21 s so; g++ gains nothing by it.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/precompiled.h)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/precompiled.cc CONTENT "")
add_library(precompiled OBJECT ${PROJECT_BINARY_DIR}/precompiled.cc)
target_link_libraries(precompiled PRIVATE house)
# As GoogleTest asks of whoever links it: clang will not have a macro defined twice.
target_compile_definitions(precompiled PRIVATE GTEST_HAS_PTHREAD=1)
target_precompile_headers(precompiled PRIVATE ${CMAKE_CURRENT_LIST_DIR}/precompiled.h)
# It holds paths of this folder, so no other clone may get it from the compiler's cache.
set_target_properties(precompiled PROPERTIES CXX_COMPILER_LAUNCHER "")

# Seen from where everything is compiled: with a path of this folder two clones would share nothing.
set(pch tests/CMakeFiles/precompiled.dir/cmake_pch.hxx.pch)

# What the cache takes for its content, as two clones would not have the same bytes.
execute_process(
  COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -pthread -E -P -x c++-header ${CMAKE_CURRENT_LIST_DIR}/precompiled.h
  OUTPUT_VARIABLE headers COMMAND_ERROR_IS_FATAL ANY)
string(SHA256 sum "${headers}")
file(WRITE ${PROJECT_BINARY_DIR}/${pch}.sum ${sum})

function(use_precompiled directory)
  get_property(targets DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  list(REMOVE_ITEM targets precompiled)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type MATCHES "^(STATIC_LIBRARY|OBJECT_LIBRARY|EXECUTABLE)$")
      target_compile_options(${target} PRIVATE "SHELL:-include-pch ${pch}")
      get_target_property(sources ${target} SOURCES)
      get_target_property(folder ${target} SOURCE_DIR)
      foreach(source ${sources})
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder})
        set_property(SOURCE ${source} TARGET_DIRECTORY ${target} APPEND PROPERTY OBJECT_DEPENDS ${PROJECT_BINARY_DIR}/${pch})
      endforeach()
    endif()
  endforeach()
  get_property(folders DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(folder ${folders})
    use_precompiled(${folder})
  endforeach()
endfunction()
foreach(folder services comments-service invoice-service gateway deploy tests)
  use_precompiled(${PROJECT_SOURCE_DIR}/${folder})
endforeach()
