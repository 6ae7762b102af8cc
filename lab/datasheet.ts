/**
 * Peaks of well-known GPUs according to their makers, beside which the measured peaks stand: float32 multiply-adds outside tensor
 * cores, and bytes to and from memory.
 *
 *     peak = 2 x lanes x clock
 *
 * so a measured peak is also an estimate of the clock, from below: as if every lane did one multiply-add in each cycle.
 *
 * Sources: NVIDIA's datasheets of V100, T4, A10, A100, L4, L40S, H100 and H200, and its white papers on the GA102, Ada and
 * RTX Blackwell architectures; AMD's product pages; Apple's specifications of Macs. An adapter's name has to determine the figures.
 * Apple's names do not state the number of cores, so these have only a memory bandwidth. Cards that exist with two memories under
 * one name are left out.
 */
import type { DatasheetShares, Peaks } from "./results.ts";

/** A GPU. */
export interface GpuSpecification {
  /** The end of its adapter's name. */
  name: string;
  /** Operations per second in float32, at the boost clock. */
  flops?: number;
  /** Bytes per second to and from memory. */
  bytes: number;
  /** Units that each do one float32 multiply-add per cycle. */
  lanes?: number;
  /** Boost clock in Hz. */
  boost?: number;
}

const TERA = 1e12, GIGA = 1e9, MEGA = 1e6;

/** An entry: TFLOP/s, GB/s, lanes, boost clock in MHz. */
function gpu(name: string, flops: number, bytes: number, lanes: number, boost: number): GpuSpecification {
  return { name, flops: flops * TERA, bytes: bytes * GIGA, lanes, boost: boost * MEGA };
}

/** All GPUs whose figures are known. */
export const GPU_SPECIFICATIONS: readonly GpuSpecification[] = [
  gpu("H200", 67, 4800, 16896, 1980),
  gpu("H100 80GB HBM3", 67, 3350, 16896, 1980), // SXM
  gpu("H100 PCIe", 51, 2000, 14592, 1755),
  gpu("A100-SXM4-80GB", 19.5, 2039, 6912, 1410),
  gpu("A100 80GB PCIe", 19.5, 1935, 6912, 1410),
  gpu("A100-SXM4-40GB", 19.5, 1555, 6912, 1410),
  gpu("A100-PCIE-40GB", 19.5, 1555, 6912, 1410),
  gpu("V100-SXM2-16GB", 15.7, 900, 5120, 1530),
  gpu("V100-SXM2-32GB", 15.7, 900, 5120, 1530),
  gpu("Tesla T4", 8.1, 320, 2560, 1590),
  gpu("NVIDIA A10", 31.2, 600, 9216, 1695),
  gpu("NVIDIA L4", 30.3, 300, 7424, 2040),
  gpu("NVIDIA L40S", 91.6, 864, 18176, 2520),
  gpu("RTX A6000", 38.7, 768, 10752, 1800),
  gpu("RTX 3090", 35.6, 936, 10496, 1695),
  gpu("RTX 4070", 29.1, 504, 5888, 2475),
  gpu("RTX 4080", 48.7, 717, 9728, 2505),
  gpu("RTX 4090", 82.6, 1008, 16384, 2520),
  gpu("RTX 5090", 104.8, 1792, 21760, 2407),
  gpu("RX 6800 XT", 20.7, 512, 4608, 2250),
  gpu("RX 6900 XT", 23, 512, 5120, 2250),
  gpu("RX 7900 XTX", 61.4, 960, 12288, 2500), // each of its 6,144 processors can issue two
  ...Object.entries({
    ...{ "Apple M1": 68.25, "Apple M1 Pro": 200, "Apple M1 Max": 400, "Apple M1 Ultra": 800 },
    ...{ "Apple M2": 100, "Apple M2 Pro": 200, "Apple M2 Max": 400, "Apple M2 Ultra": 800 },
    ...{ "Apple M3": 100, "Apple M3 Pro": 150 },
  }).map(([name, bytes]) => ({ name, bytes: bytes * GIGA })),
];

/** The specification of an adapter; undefined if its name is none of the known ones. */
export function specificationOf(adapterName: string): GpuSpecification | undefined {
  const name = adapterName.replace(/ \(RADV .*\)$/, ""); // Mesa adds the chip
  return GPU_SPECIFICATIONS.find((known) => name === known.name || name.endsWith(` ${known.name}`));
}

/** Measured peaks as shares of the datasheet's; undefined if the adapter is not known. */
export function datasheetShares(adapterName: string, { flops, bytes }: Peaks): DatasheetShares | undefined {
  const known = specificationOf(adapterName);
  return known && {
    ...known,
    ...known.flops && { flopsShare: flops.median / known.flops },
    bytesShare: bytes.median / known.bytes,
    ...known.lanes && { clock: flops.median / (2 * known.lanes) },
  };
}
