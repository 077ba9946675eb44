// A hundred comments that want to be more than text, in every place where a comment is shown.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { hostileAuthors, hostileBodies } from "./support/hostile_bodies.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();

// Shown as the text that they are: nothing in a comment but text and links to http and https.
async function assertHarmless({ page }, expected) {
  const found = await page.evaluate(() => ({
    bodies: [...document.querySelectorAll("#comments > li .body")].map((body) => body.textContent),
    elements: [
      ...document.querySelectorAll("#comments .body *, #activity .excerpt *, .author *"),
    ].map((one) => one.outerHTML),
    links: [...document.querySelectorAll("#comments .body a")].map((link) => ({
      text: link.textContent,
      attributes: link.getAttributeNames().sort().join(" "),
      rel: link.rel,
      sameText: link.getAttribute("href") === link.textContent,
    })),
    strangers: document.querySelectorAll(
      "iframe, object, embed, base, meta[http-equiv], main img, main style",
    ).length,
    pwned: window.pwned,
    address: location.href,
  }));
  const shown = found.bodies.map((body) => body.replaceAll("\r\n", "\n"));
  assert.deepEqual(
    shown,
    expected.map((body) => body.replaceAll("\r\n", "\n")),
  );
  for (const element of found.elements) assert.match(element, /^<(a href="https?:|bdi>)/i);
  for (const link of found.links) {
    assert.match(link.text, /^https?:\/\//i);
    assert.equal(link.attributes, "href rel");
    assert.match(link.rel, /noopener noreferrer nofollow ugc/);
    assert.ok(link.sameText, link.text);
  }
  assert.equal(found.strangers, 0);
  assert.equal(found.pwned, undefined);
  assert.match(found.address, /\/invoices\/INV-/);
}

test("There are a hundred of them, each another", () => {
  assert.equal(hostileBodies.length, 100);
  assert.equal(new Set(hostileBodies).size, 100);
});

test("None runs where the server renders them", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice();
  await stack.importComments(invoice.id, hostileBodies, { people: hostileAuthors });
  const newestFirst = [...hostileBodies].reverse();
  const dana = await browser.person("dana");
  // Without the leaf: what is there is the server's work, and would run all the same.
  await dana.page.route("**/assets/leaf*", (route) => route.abort());
  dana.watch.expect(/ERR_FAILED/);
  await dana.page.goto(`${invoice.path}?activity=open`);
  for (let from = 0; from < 100; from += 20) {
    await assertHarmless(dana, newestFirst.slice(from, from + 20));
    if (from < 80) {
      await dana.page.locator("#older").click();
      await dana.page.waitForURL(/cursor=/);
      await dana.page.waitForLoadState();
    }
  }
});

test("None runs where the leaf shows them", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice();
  await stack.importComments(invoice.id, hostileBodies, { people: hostileAuthors });
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.scrollToOldest();
  await assertHarmless(dana, [...hostileBodies].reverse());
  await dana.page.evaluate(() => window.scrollTo(0, 0));
  await dana.page.locator("#activity-toggle").click();
  await dana.page.locator("#activity .activity-item").first().waitFor();
  await assertHarmless(dana, [...hostileBodies].reverse());
});

test("None runs where the stream brings them, nor where one posts them oneself", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice();
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await stack.postComments(invoice, "priya", hostileBodies);
  await until("all of them", async () => (await dana.comments()).length === 100);
  await assertHarmless(dana, [...hostileBodies].reverse());

  const own = [
    "<script>window.pwned='mine'</script>",
    "<img src=x onerror=alert('mine')>",
    "javascript:alert('mine')",
  ];
  await dana.open(await stack.newInvoice());
  for (const body of own) await dana.postConfirmed(body);
  await assertHarmless(dana, [...own].reverse());
});

test("None runs above the thread, where what was not posted stands, nor in a draft", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_/);
  await dana.open(invoice);
  const text = "</textarea><script>window.pwned=1</script><img src=x onerror=window.pwned=2>";
  const deaf = stack.front.refuse(/^POST .*\/comments/);
  await dana.post(text);
  assert.equal((await dana.failed()).body, text);
  deaf.end();
  await dana.write(text);
  await dana.open(invoice);
  assert.equal((await dana.failed()).body, text);
  assert.equal(await dana.body.inputValue(), text);
  await assertHarmless(dana, ["Comment 1 of 1."]);
});

test("An invoice may be hostile as well", async ({ stack, browser }) => {
  const evil = (n) => `"><img src=x onerror=window.pwned=${n}>{{{name}}}`;
  const invoice = await stack.newInvoice(1, {
    customer: { name: evil(1), email: "a@b.example" },
    terms: evil(2),
    lineItems: [{ description: evil(3), quantity: evil(4), amount: "100" }],
  });
  const dana = await browser.person("dana");
  await dana.open(invoice);
  for (const n of [1, 2, 3, 4])
    await dana.page.locator("#summary").getByText(evil(n)).first().waitFor();
  await assertHarmless(dana, ["Comment 1 of 1."]);
  await dana.page.goto("/invoices");
  await dana.page.getByText(evil(1)).first().waitFor();
  assert.equal(await dana.page.evaluate(() => window.pwned), undefined);
});
