// Holds up what the page asks until the test lets it go on, also what comes after that.

export function closedGate() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

// Requests of this method are refused when the gate that is returned opens.
export async function refuseLater(page, method, url) {
  const gate = closedGate();
  await page.route(url, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    await gate.opened;
    return route.fulfill({ status: 500, contentType: "application/problem+json", body: "{}" });
  });
  return gate;
}
