// What the run says about itself: its steps, and the counts that it ends with.

export function heading(text) {
  console.log(`\n== ${text}`);
}

/** Prints a line per suite. Whether all is well: every suite ran and passed. */
export function report(results) {
  heading("counts");
  for (const result of results) console.log(`${result.name.padEnd(8)} ${describe(result)}`);
  const failing = results.filter((result) => !isGood(result)).map(({ name }) => name);
  console.log(failing.length ? `FAILED: ${failing.join(", ")}` : "all tests passed");
  return failing.length === 0;
}

function describe({ skipped, code, passed, failed, ignored }) {
  if (skipped) return `SKIPPED by ${skipped}`;
  const parts = [`${passed} passed`];
  if (failed) parts.push(`${failed} FAILED`);
  if (ignored) parts.push(`${ignored} ignored`);
  if (code !== 0) parts.push(`exit code ${code}`);
  return parts.join(", ");
}

/** A suite that ran no test is as bad as one that failed. */
function isGood({ skipped, code, passed, failed }) {
  return Boolean(skipped) || (code === 0 && failed === 0 && passed > 0);
}
