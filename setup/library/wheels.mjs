/** Headers of TensorFlow that the binding includes, all there are: its C interface needs no C++ of others. */
const headers = [
  ...['c_api', 'c_api_macros', 'eager/c_api', 'tf_attrtype', 'tf_buffer', 'tf_datatype', 'tf_status', 'tf_tensor'].map(
    (name) => `tensorflow/c/${name}.h`,
  ),
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
].map((name) => `tensorflow/include/${name}`);

const tensorflowFiles = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2', ...headers];

/**
 * Files of an NVIDIA wheel that are needed: its libraries. They keep their place beside TensorFlow, which looks there.
 * Those named `alt` are NVRTC once more, in a make that nothing here opens.
 */
const nvidiaFiles = '^nvidia/[a-z_]+/lib/(?![^/]*\\.alt\\.)[^/]+\\.so[^/]*$';

/** What XLA starts and reads when it compiles for a card. */
const compilerFiles = ['nvidia/cuda_nvcc/bin/ptxas', 'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'];

/**
 * The Python wheels an engine is unpacked from, pinned by hash. Only libraries and C headers are taken, so the Python
 * version of a wheel does not matter; one is asked for so that there is one hash. `bytes` is the download, `unpackedBytes`
 * what is taken from it. The NVIDIA versions are those that `tensorflow[and-cuda]==2.21.0` resolved to in November 2026.
 */
const tensorflowCpu = {
  name: 'tensorflow-cpu',
  version: '2.21.0',
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  bytes: 273_829_956,
  unpackedBytes: 853_400_000,
  files: tensorflowFiles,
};

const tensorflowArm = {
  name: 'tensorflow',
  version: '2.21.0',
  sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  bytes: 281_828_020,
  unpackedBytes: 883_200_000,
  files: tensorflowFiles,
};

const tensorflowGpu = {
  name: 'tensorflow',
  version: '2.21.0',
  sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  bytes: 572_440_367,
  unpackedBytes: 1_259_100_000,
  files: tensorflowFiles,
};

const nvidia = [
  ['cublas', '12.9.3.13', 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72', 581_217_458, 855_064_416],
  [
    'cuda-nvcc',
    '12.9.86',
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    40_546_229,
    35_417_224,
    compilerFiles,
  ],
  ['cuda-cupti', '12.8.90', 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182', 10_248_621, 41_311_976],
  [
    'cuda-nvrtc',
    '12.9.86',
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    89_568_129,
    113_447_240,
  ],
  ['cuda-runtime', '12.9.79', '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3', 3_493_179, 741_088],
  [
    'cudnn',
    '9.28.0.42',
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    716_538_495,
    1_162_393_472,
  ],
  ['cufft', '11.4.1.4', 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28', 200_877_592, 293_609_416],
  ['curand', '10.3.10.19', '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e', 68_295_626, 166_965_432],
  [
    'cusolver',
    '11.7.5.82',
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    338_117_415,
    494_975_064,
  ],
  [
    'cusparse',
    '12.5.10.65',
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    366_465_088,
    486_556_368,
  ],
  ['nccl', '2.32.3', 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c', 351_526_311, 473_614_536],
  ['nvjitlink', '12.9.86', 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9', 39_748_338, 95_935_344],
].map(([name, version, sha256, bytes, unpackedBytes, files = nvidiaFiles]) => ({
  name: `nvidia-${name}-cu12`,
  version,
  sha256,
  bytes,
  unpackedBytes,
  files,
}));

/** By variant, as `engineFolder` names them; other systems have no wheel of this TensorFlow that the binding can use. */
export const wheelsByVariant = {
  'linux-x64-cpu': [tensorflowCpu],
  'linux-x64-gpu': [tensorflowGpu, ...nvidia],
  'linux-arm64-cpu': [tensorflowArm],
};

/** A file that a wheel's list names and an installation lacks: an older version's, made before it was needed. */
export function missingFile(variant, files) {
  const named = (wheelsByVariant[variant] ?? []).flatMap((wheel) => (Array.isArray(wheel.files) ? wheel.files : []));
  return named.find((name) => !(name in files));
}

/** Free space that installing these wheels takes at its height: all unpacked, and one wheel twice while pip moves it. */
export function spaceNeeded(wheels) {
  const unpacked = wheels.reduce((sum, wheel) => sum + wheel.unpackedBytes, 0);
  return unpacked + 2 * Math.max(...wheels.map((wheel) => wheel.bytes));
}

/** pip's arguments that ask for the pinned wheel, whatever Python runs pip. */
export function wheelArguments() {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return [
    ...['manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].flatMap((tag) => ['--platform', `${tag}_${machine}`]),
    ...['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'],
    ...['--no-deps', '--only-binary=:all:', '--require-hashes'],
  ];
}
