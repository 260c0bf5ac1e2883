/** Posts what a measurement resolves to, or its error, to the page's server. */
export async function post(measure) {
  const body = await measure().then(
    (report) => ({ report }),
    (error) => ({ error: error.message }),
  );
  await fetch('/report', { method: 'POST', body: JSON.stringify(body) });
}
