import "./support/page.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { commentNode, refreshNode } from "../src/comment_node.ts";
import { PageClock } from "../src/page_time.ts";
import { commentOf } from "./support/fake_server.ts";

const clock = new PageClock("2026-11-24T12:02:00Z");
clock.now = () => Date.parse("2026-11-24T12:02:00Z");

// linkedom writes attributes in an order of its own.
function outline(node: Element): string {
  const attributes = Array.from(node.attributes, (each) => ` ${each.name}="${each.value}"`);
  const children = Array.from(node.childNodes, (child) =>
    child.nodeType === 1 ? outline(child as Element) : child.textContent,
  );
  return `<${node.localName}${attributes.sort().join("")}>${children.join("")}</>`;
}

test("a comment is made of the very nodes that the server renders", () => {
  const comment = { ...commentOf(7), body: "see https://a.example/x.\nbye" };
  assert.equal(
    outline(commentNode(comment, clock)),
    '<li class="comment" data-sequence="7" id="comment-id-7"><article><header>' +
      '<span aria-hidden="true" class="avatar hue-0">P</>' +
      '<strong class="author"><bdi>priya</></>' +
      '<a class="permalink" data-exact="24 November 2026, 12:00:00 UTC" href="/invoices/INV-1042?comment=id-7">' +
      '<time datetime="2026-11-24T12:00:00.000000Z" title="24 November 2026, 12:00:00 UTC">2 minutes ago</></>' +
      '</><p class="body" dir="auto">see <a href="https://a.example/x" rel="noopener noreferrer nofollow ugc">' +
      "https://a.example/x</>.\nbye</></></>",
  );
});

test("text is text, whatever it looks like", () => {
  const hostile =
    "<img src=x onerror=alert(1)><script>alert(1)</script> javascript:alert(1) &lt;b>\"'";
  const author = { userId: hostile, displayName: hostile };
  const node = commentNode({ ...commentOf(1), body: hostile, author }, clock);
  assert.equal(node.querySelector(".body")?.textContent, hostile);
  assert.equal(node.querySelector("bdi")?.textContent, hostile);
  assert.equal(node.querySelectorAll("img, script, .body a, .author a").length, 0);
});

test("who has no name is shown by id", () => {
  const author = { userId: "u-1", displayName: "" };
  const node = commentNode({ ...commentOf(1), author }, clock);
  assert.equal(node.querySelector("bdi")?.textContent, "u-1");
  assert.equal(node.querySelector(".avatar")?.textContent, "?");
});

test("the stored comment takes the place of the one that was being posted", () => {
  const node = commentNode({ ...commentOf(0), body: "hello" }, clock);
  assert.equal(node.className, "comment pending");
  assert.equal(node.querySelector(".sending")?.textContent, "Sending…");
  const body = node.querySelector(".body");
  refreshNode(node, { ...commentOf(9), body: "hello" }, clock);
  assert.equal(node.className, "comment");
  assert.equal(node.getAttribute("data-sequence"), "9");
  assert.equal(node.querySelector("time")?.textContent, "2 minutes ago");
  assert.equal(node.querySelector(".sending"), null);
  assert.equal(node.querySelector(".body"), body);
});

test("what a comment said before is closed when it says something else, or nothing any more", () => {
  const comment = { ...commentOf(3), revision: 2 };
  const open = () => {
    const node = commentNode(comment, clock);
    const earlier = document.createElement("ol");
    earlier.className = "revisions";
    earlier.textContent = "the words before";
    const rest = document.createElement("button");
    rest.className = "rest";
    node.querySelector(".body")?.after(rest);
    node.querySelector("article")?.append(earlier);
    return node;
  };
  const removal = { time: comment.createTime, actor: comment.author, reason: "" };
  const changes = [
    { revision: 3, body: "other words" },
    { body: "", removal, erased: true },
  ];
  for (const change of changes) {
    const node = open();
    refreshNode(node, { ...comment, ...change }, clock);
    assert.equal(node.textContent.includes("the words before"), false);
    assert.equal(node.querySelector(".rest"), null);
  }
});
