// The part of TensorFlow's C interface for operations of one's own that is used here. Its header files are not in every
// copy of the library, its functions are. Source: tensorflow/c/kernels.h and tensorflow/c/ops.h of TensorFlow 2.21.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <new>

#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

extern "C" {
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction*, const char* name, float* value, TF_Status*);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction*, const char* name, int32_t* value, TF_Status*);
}

/** The settings that any of the operations takes. */
struct Settings {
  float scale = 1, epsilon = 0, rate = 0;
  int heads = 0, keyHeads = 0, causal = 1;
};

/** A matrix, or a vector as its only row. */
struct Matrix {
  const float* values;
  long rows, columns;
  const float* row(long index) const { return values + index * columns; }
};

/** What an operation reads and makes while it runs. Frees its handles at the end. */
class Call {
 public:
  Call(TF_OpKernelContext* context, const Settings& settings);
  ~Call();
  Matrix matrix(int input);
  const int* integers(int input);
  const void* bytes(int input, long& rows, long& columns, TF_DataType& type);
  int inputs() const;
  float* makeOutput(int index, std::initializer_list<int64_t> shape);
  void fail(TF_Code code, const char* why);
  const Settings& settings;

 private:
  TF_Tensor* tensor(int input);
  static constexpr int most = 24;
  TF_OpKernelContext* context_;
  TF_Status* status_;
  TF_Tensor* held_[most];
  int holding_ = 0;
};

/** `declared` is the list of inputs, outputs and settings, such as "in x: float", "out y: float", "set scale: float". */
void registerOperation(const char* name, std::initializer_list<const char*> declared,
                       void (*compute)(void* settings, TF_OpKernelContext* context));

/** Thrown where an operation cannot go on; TensorFlow has been told why. */
struct Failure {};

/** Make a kernel of a plain function on a call. */
template <void (*work)(Call&)>
void compute(void* settings, TF_OpKernelContext* context) {
  Call call(context, *static_cast<Settings*>(settings));
  try {
    work(call);
  } catch (const Failure&) {
  } catch (const std::bad_alloc&) {
    call.fail(TF_RESOURCE_EXHAUSTED, "OOM when allocating scratch memory");
  }
}

void registerNorm();
void registerLowRankIn();
void registerLowRankOut();
void registerLowRankGradient();
void registerSwiglu();
void registerAttention();
void registerCastToFloat32();
void registerTopRows();
