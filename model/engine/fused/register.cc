// Makes the operations known to TensorFlow when the library is loaded.
#include <node_api.h>

#include "operation.h"

NAPI_MODULE_INIT() {
  static const bool once = [] {
    registerNorm();
    registerLowRankIn();
    registerLowRankOut();
    registerLowRankGradient();
    registerSwiglu();
    registerAttention();
    registerCastToFloat32();
    registerTopRows();
    return true;
  }();
  (void)once;
  return exports;
}
