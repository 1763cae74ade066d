#include "operation.h"

#include <cstring>

extern "C" {
struct TF_KernelBuilder;
struct TF_OpDefinitionBuilder;
struct TF_ShapeInferenceContext;
TF_OpDefinitionBuilder* TF_NewOpDefinitionBuilder(const char* name);
void TF_OpDefinitionBuilderAddAttr(TF_OpDefinitionBuilder*, const char* declared);
void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder*, const char* declared);
void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder*, const char* declared);
void TF_OpDefinitionBuilderSetShapeInferenceFunction(TF_OpDefinitionBuilder*,
                                                     void (*infer)(TF_ShapeInferenceContext*, TF_Status*));
void TF_ShapeInferenceContextSetUnknownShape(TF_ShapeInferenceContext*, TF_Status*);
void TF_RegisterOpDefinition(TF_OpDefinitionBuilder*, TF_Status*);
TF_KernelBuilder* TF_NewKernelBuilder(const char* name, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* kernel, TF_KernelBuilder*, TF_Status*);
int TF_NumInputs(TF_OpKernelContext*);
void TF_OpKernelContext_Failure(TF_OpKernelContext*, TF_Status*);
void TF_GetInput(TF_OpKernelContext*, int index, TF_Tensor**, TF_Status*);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext*, int index, TF_DataType, const int64_t* shape, int dimensions,
                             size_t bytes, TF_Status*);
}

namespace {

void* readSettings(TF_OpKernelConstruction* construction) {
  auto* settings = new Settings;
  TF_Status* status = TF_NewStatus();
  // A setting that the operation does not declare keeps its default.
  TF_OpKernelConstruction_GetAttrFloat(construction, "scale", &settings->scale, status);
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &settings->epsilon, status);
  TF_OpKernelConstruction_GetAttrFloat(construction, "rate", &settings->rate, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "heads", &settings->heads, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "key_heads", &settings->keyHeads, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "causal", &settings->causal, status);
  TF_DeleteStatus(status);
  return settings;
}

void forgetSettings(void* settings) { delete static_cast<Settings*>(settings); }

void unknownShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

}  // namespace

Call::Call(TF_OpKernelContext* context, const Settings& settings)
    : settings(settings), context_(context), status_(TF_NewStatus()) {}

Call::~Call() {
  for (int index = 0; index < holding_; index++) TF_DeleteTensor(held_[index]);
  TF_DeleteStatus(status_);
}

TF_Tensor* Call::tensor(int input) {
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context_, input, &tensor, status_);
  return held_[holding_++] = tensor;
}

Matrix Call::matrix(int input) {
  TF_Tensor* from = tensor(input);
  const int dimensions = TF_NumDims(from);
  const long columns = dimensions == 0 ? 1 : TF_Dim(from, dimensions - 1);
  const long elements = TF_TensorElementCount(from);
  return {static_cast<const float*>(TF_TensorData(from)), columns == 0 ? 0 : elements / columns, columns};
}

const int* Call::integers(int input) { return static_cast<const int*>(TF_TensorData(tensor(input))); }

const void* Call::bytes(int input, long& rows, long& columns, TF_DataType& type) {
  TF_Tensor* from = tensor(input);
  type = TF_TensorType(from);
  rows = TF_Dim(from, 0);
  columns = TF_Dim(from, 1);
  return TF_TensorData(from);
}

int Call::inputs() const { return TF_NumInputs(context_); }

float* Call::makeOutput(int index, std::initializer_list<int64_t> shape) {
  size_t bytes = sizeof(float);
  for (int64_t size : shape) bytes *= size;
  TF_Tensor* made = TF_AllocateOutput(context_, index, TF_FLOAT, shape.begin(), shape.size(), bytes, status_);
  if (TF_GetCode(status_) != TF_OK) {
    TF_OpKernelContext_Failure(context_, status_);
    throw Failure{};
  }
  held_[holding_++] = made;
  return static_cast<float*>(TF_TensorData(made));
}

void Call::fail(TF_Code code, const char* why) {
  TF_SetStatus(status_, code, why);
  TF_OpKernelContext_Failure(context_, status_);
}

void registerOperation(const char* name, std::initializer_list<const char*> declared,
                       void (*compute)(void*, TF_OpKernelContext*)) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* entry : declared) {
    const char* rest = std::strchr(entry, ' ') + 1;
    if (entry[0] == 'i') TF_OpDefinitionBuilderAddInput(definition, rest);
    if (entry[0] == 'o') TF_OpDefinitionBuilderAddOutput(definition, rest);
    if (entry[0] == 's') TF_OpDefinitionBuilderAddAttr(definition, rest);
  }
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, unknownShape);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(name, "CPU", readSettings, compute, forgetSettings);
  TF_RegisterKernelBuilder(name, kernel, status);
  TF_DeleteStatus(status);
}
