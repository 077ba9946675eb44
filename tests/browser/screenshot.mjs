// Saves a picture of the demo invoice as Dana sees it: what deploy/screenshot runs.
// Usage: screenshot.mjs FILE.png
import { Browser } from "./support/browser.mjs";
import { Stack } from "./support/stack.mjs";

const [file] = process.argv.slice(2);
if (!file) {
  process.stderr.write("usage: screenshot.mjs FILE.png\n");
  process.exit(2);
}

const stack = await Stack.start({ demo: true });
let browser;
try {
  browser = await Browser.open(stack);
  const dana = await browser.person("dana", { colorScheme: "light" });
  await dana.open({ path: "/invoices/INV-1042" });
  await dana.page.screenshot({ path: file });
} finally {
  await browser?.close();
  await stack.stop();
}
