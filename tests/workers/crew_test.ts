/** A crew of worker threads: every job done once, and errors instead of hangs. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { OptionError } from "../../base/option_error.ts";
import { Crew } from "../../workers/crew.ts";
import type { WorkOptions } from "../../workers/work.ts";
import type { OddJob, OddResult } from "./odd_worker.ts";

interface OddSetup {
  factor: number;
  ended: Int32Array;
}
type OddOptions = Partial<WorkOptions<OddSetup, OddJob, OddResult, string>>;

const odd = new URL("./odd_worker.ts", import.meta.url), nowhere = new URL("./no_such_worker.ts", import.meta.url);
const doubles = (count: number): OddJob[] => Array.from({ length: count }, (_, i) => ({ double: i }));

/** Runs `body` with a crew of so many members, and a way to give it jobs. */
async function withCrew(
  members: number,
  body: (
    run: (jobs: OddJob[], options?: OddOptions) => Promise<OddResult[]>,
    crew: Crew<OddSetup, OddJob, OddResult, string>,
    setup: OddSetup,
  ) => Promise<void>,
  { program = odd, patience = 60 } = {},
): Promise<void> {
  const crew = new Crew<OddSetup, OddJob, OddResult, string>({
    program,
    patience,
    name: (job) => `Job ${JSON.stringify(job)}`,
  });
  const setup = { factor: 2, ended: new Int32Array(new SharedArrayBuffer(4)) };
  try {
    crew.start(members);
    await body((jobs, options) => crew.run({ setup, jobs, ...options }), crew, setup);
  } finally {
    await crew.close();
  }
}

const message = async (promise: Promise<unknown>) => (await assertRejects(() => promise, Error)).message;

Deno.test("Crew.run() gives the results in the order of the jobs, each done once, and each as it comes, with 1 to 3 members", async () => {
  for (const members of [1, 2, 3]) {
    await withCrew(members, async (run, _, { ended }) => {
      const came: number[] = [];
      const jobs: OddJob[] = [{ wait: 60 }, ...doubles(40)];
      const [results, others, none] = await Promise.all([
        run(jobs, { onResult: (_, job) => came.push(job) }),
        run(doubles(5)), // a second work, which waits for the first
        run([]),
      ]);
      assertEquals(results.map(({ value }) => value), [0, ...Array.from({ length: 40 }, (_, i) => 2 * i)]);
      assertEquals(others.map(({ value, bytes }) => [value, bytes.length]), [0, 2, 4, 6, 8].map((x) => [x, 8]));
      assertEquals([...came].sort((a, b) => a - b), [...jobs.keys()]);
      assertEquals(none, []);
      // what a setup took is given back once by each member that had one
      await run([{ wait: 1 }]);
      assert(ended[0] >= 2 && ended[0] <= 2 * members + 1, `${ended[0]}`);
      if (members === 1) assertEquals(results.map(({ turn }) => turn), jobs.map((_, i) => i + 1));
      else assert(came.indexOf(0) > 1, "nobody did another job during the long one");
    });
  }
});

Deno.test("a member that dies during a job is an error that names the job, however it dies", async () => {
  await withCrew(2, async (run) => {
    assertMatch(
      await message(run([...doubles(5), { end: "throw" }])),
      /^Job \{"end":"throw"\}: its worker thread died \(.*out of luck.*\)$/,
    );
    assertEquals((await run(doubles(3))).length, 3); // by the other
    assertMatch(await message(run([{ end: "exit" }])), /^Job \{"end":"exit"\}: its worker thread died$/);
    assertMatch(await message(run(doubles(1))), /^Job \{"double":0\}: no worker thread could start, or is left$/);
  });
});

Deno.test("a member that hangs is an error, also for the waiting jobs, and closes the crew", async () => {
  await withCrew(1, async (run) => {
    const expected = 'Job {"end":"never"}: no answer from a worker thread for 0.4 s';
    const both = await Promise.allSettled([run([{ end: "never" }], { settle: true }), run(doubles(2))]);
    for (const ended of both) assertEquals(ended.status === "rejected" && ended.reason.message, expected);
    assertEquals(await message(run(doubles(1))), expected);
  }, { patience: 0.4 });
});

Deno.test("run() throws what a job or a setup throws, an OptionError as one", async () => {
  await withCrew(2, async (run, crew, setup) => {
    assertEquals(await message(run([...doubles(3), { fail: "bad luck" }, ...doubles(3)])), "bad luck");
    const error = await assertRejects(() => run([{ option: "threads" }]), OptionError);
    assertEquals([error.option, error.message], ["threads", "here: `threads`: expected another, found 3"]);
    assertEquals(await message(crew.run({ jobs: doubles(3), setup: { ...setup, factor: 0 } })), "no setup");
    const failing = () => {
      throw new Error("no bar");
    };
    assertEquals(await message(run(doubles(3), { onResult: failing })), "no bar");
    assertEquals((await run(doubles(3))).length, 3);
  });
});

Deno.test("stopped, run() ends at once; with `settle` when members have kept what they have, and first errors come first", async () => {
  await withCrew(2, async (run) => {
    const enough = new Error("enough"), abort = new AbortController(), told: string[] = [];
    const onNews = (news: string) => {
      told.push(news);
      if (told.length === 2) abort.abort(enough);
    };
    const jobs: OddJob[] = [{ until: "stopped" }, { until: "stopped" }, { fail: "never begun" }];
    const stopped = run(jobs, { settle: true, signal: abort.signal, onNews });
    assertStrictEquals(await assertRejects(() => stopped, Error), enough);
    assertEquals(told, ["waiting", "waiting", "kept: enough", "kept: enough"]);

    // one that fails stops the other, which keeps its results
    told.length = 0;
    const failed = run([{ until: "stopped" }, { fail: "bad luck" }], {
      settle: true,
      onNews: (news) => told.push(news),
    });
    assertEquals(await message(failed), "bad luck");
    assertEquals(told, ["waiting", "kept: bad luck"]);
    told.length = 0;
    const died = run([{ until: "stopped" }, { end: "exit" }], { settle: true, onNews: (news) => told.push(news) });
    assertMatch(await message(died), /its worker thread died$/);
    assertMatch(told[1], /^kept: Job \{"end":"exit"\}: its worker thread died$/);
    // without: nobody is waited for
    const hung = run([{ end: "never" }], { signal: AbortSignal.timeout(50) });
    assertMatch(await message(hung), /aborted due to timeout/);
    assertStrictEquals(await assertRejects(() => run(doubles(1), { signal: AbortSignal.abort(enough) })), enough);
  });
});

Deno.test("the starter does the jobs if no member can start, and shares them with members that start later", async () => {
  const here = (job: OddJob): OddResult => ({
    value: "double" in job ? 2 * job.double : 0,
    turn: -1,
    bytes: new Uint8Array(8),
  });
  await withCrew(2, async (run) => {
    assertEquals((await run(doubles(5), { here })).map(({ value }) => value), [0, 2, 4, 6, 8]);
    assertMatch(
      await message(run(doubles(1))),
      /^Job \{"double":0\}: no worker thread could start, or is left \(.+\)$/s,
    );
  }, { program: nowhere });

  await withCrew(0, async (run, crew) => {
    const hereSlowly = async (job: OddJob) => {
      if (!crew.started) crew.start(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return here(job);
    };
    const results = await run(doubles(200), { here: hereSlowly });
    assertEquals(results.map(({ value }) => value), Array.from({ length: 200 }, (_, i) => 2 * i));
    const mine = results.filter(({ turn }) => turn === -1).length;
    assert(mine > 0 && mine < 200, `the starter did ${mine} of 200`);
    // and not where there are members
    assert((await run(doubles(5), { here })).every(({ turn }) => turn > 0));
  });
});

Deno.test("a closed crew does nothing: running and later jobs are errors", async () => {
  await withCrew(1, async (run, crew) => {
    const hung = run([{ end: "never" }]);
    const closed = assertRejects(() => hung, Error, "closed");
    await crew.close();
    await closed;
    await assertRejects(() => run(doubles(1)), Error, "closed");
  });
});
