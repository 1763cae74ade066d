const firstRegion = 2 * 2 ** 20;

/** CUDA's context, its libraries and compiled functions at most: 1.65 GB were seen on an H100. */
const cudaBytes = 2e9;

/**
 * Memory of a card that is taken at most where a process uses so much. TensorFlow takes it in regions, each twice the one
 * before, and gives none back: on an H100 two plans of 61 and 64 GB both took 64 GiB and what CUDA takes, to the megabyte.
 * Source: `BFCAllocator::Extend` of TensorFlow 2.21.
 */
export function grownMemory(used: number): number {
  const regions = Math.ceil(Math.log2(used / firstRegion + 1));
  return cudaBytes + firstRegion * (2 ** regions - 1);
}
