/** What the page of webgpu_tint_test.ts runs, bundled: every kernel in every variant, against the definitions. */
import { createWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { checkVariant, VARIANTS } from "./webgpu_variants.ts";

/** What the page found. */
export interface PageReport {
  adapter?: string;
  /** Compiled kernels, both variants together. */
  pipelines: number;
  /** Checks made. */
  checks: number;
  /** Of each check that failed, what was found. */
  failures: string[];
}

async function main(): Promise<PageReport> {
  const report: PageReport = { pipelines: 0, checks: 0, failures: [] };
  for (const variant of VARIANTS) {
    try {
      const { adapter, pipelines, checks, failures } = await checkVariant(variant, createWebGpuDevice);
      report.adapter = adapter;
      report.pipelines += pipelines;
      report.checks += checks;
      report.failures.push(...failures);
    } catch (error) {
      report.failures.push(`${variant}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return report;
}

const report = await main().catch((error) => ({ pipelines: 0, checks: 0, failures: [String(error)] }));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
