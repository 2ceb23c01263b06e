// What the run says about itself: its steps, and the counts that it ends with.

export function heading(text) {
  console.log(`\n== ${text}`);
}

/** Prints a line per suite. Whether all is well: every suite ran and passed. */
export function report(results) {
  heading("counts");
  for (const result of results) console.log(`${result.name.padEnd(8)} ${describe(result)}`);
  const failing = results.filter((result) => !isGood(result)).map(({ name }) => name);
  const skipped = results.filter((result) => result.skipped).map(({ name }) => name);
  if (failing.length) console.log(`FAILED: ${failing.join(", ")}`);
  else if (skipped.length) console.log(`all tests that ran passed, skipped: ${skipped.join(", ")}`);
  else console.log("all tests passed");
  return failing.length === 0;
}

function describe({ skipped, overdue, code, passed, failed, ignored }) {
  if (skipped) return `SKIPPED by ${skipped}`;
  const parts = [`${passed} passed`];
  if (failed) parts.push(`${failed} FAILED`);
  if (ignored) parts.push(`${ignored} ignored`);
  if (overdue) parts.push("TIMED OUT");
  else if (code !== 0) parts.push(`ended with ${code}`);
  return parts.join(", ");
}

/** A suite that ran no test is as bad as one that failed. */
function isGood({ skipped, code, passed, failed }) {
  return Boolean(skipped) || (code === 0 && failed === 0 && passed > 0);
}
