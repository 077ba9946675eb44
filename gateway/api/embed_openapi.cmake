# Writes openapi.cc from openapi.json. Usage: cmake -DDOCUMENT=… -DTEMPLATE=… -DOUTPUT=… -P embed_openapi.cmake
file(READ ${DOCUMENT} OPENAPI_DOCUMENT)
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
