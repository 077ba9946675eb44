// Verifies what the record writes, from RFC 6962 and the C2SP documents signed-note,
// tlog-checkpoint and tlog-proof alone: nothing here is shared with the code that is tested.
// Usage: node by_the_book.mjs SUBJECT FILE; prints what it verified, or exits with 1 and what fails.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafHash = (data) => sha256(Buffer.of(0), data);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const demand = (condition, what) => {
  if (!condition) throw new Error(what);
};

// The largest power of two below `size`.
function splitOf(size) {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

// RFC 6962, section 2.1: the tree of the leaves, whose hashes are kept by where they begin and end.
class Tree {
  constructor(leaves) {
    this.leaves = leaves;
    this.known = new Map();
  }

  // MTH(D[begin:end]).
  hash(begin, end) {
    if (begin === end) return sha256();
    if (end - begin === 1) return this.leaves[begin];
    const key = begin * 2 ** 24 + end;
    let hash = this.known.get(key);
    if (hash === undefined) {
      const split = begin + splitOf(end - begin);
      hash = nodeHash(this.hash(begin, split), this.hash(split, end));
      this.known.set(key, hash);
    }
    return hash;
  }

  // Section 2.1.1: PATH(index, D[begin:end]), index counted from begin on.
  path(index, begin, end) {
    if (end - begin === 1) return [];
    const split = splitOf(end - begin);
    return index < split
      ? [...this.path(index, begin, begin + split), this.hash(begin + split, end)]
      : [...this.path(index - split, begin + split, end), this.hash(begin, begin + split)];
  }

  // Section 2.1.2: SUBPROOF(first, D[begin:end], whole).
  subproof(first, begin, end, whole) {
    if (first === end - begin) return whole ? [] : [this.hash(begin, end)];
    const split = splitOf(end - begin);
    return first <= split
      ? [...this.subproof(first, begin, begin + split, whole), this.hash(begin + split, end)]
      : [...this.subproof(first - split, begin + split, end, false), this.hash(begin, begin + split)];
  }
}

// The root that a leaf and its path make; recursive, as PATH is.
function rootOf(index, size, leaf, proof) {
  if (size === 1) {
    demand(proof.length === 0, "a path is too long");
    return leaf;
  }
  demand(proof.length > 0, "a path is too short");
  const split = splitOf(size);
  const sibling = proof[proof.length - 1];
  const rest = proof.slice(0, -1);
  return index < split
    ? nodeHash(rootOf(index, split, leaf, rest), sibling)
    : nodeHash(sibling, rootOf(index - split, size - split, leaf, rest));
}

const same = (a, b) => a.length === b.length && a.every((hash, i) => hash.equals(b[i]));
const hashes = (texts) => texts.map((text) => Buffer.from(text, "hex"));

// {"trees": [{size, root, inclusion: [{index, proof}], consistency: [{first, proof}]}]}, of leaves
// that are the numbers from 0 on, in decimal.
function trees(text) {
  const { trees: all } = JSON.parse(text);
  const longest = Math.max(...all.map(({ size }) => size));
  const leaves = Array.from({ length: longest }, (_, i) => leafHash(String(i)));
  const tree = new Tree(leaves);
  let proofs = 0;
  for (const { size, root, inclusion, consistency } of all) {
    demand(root === tree.hash(0, size).toString("hex"), `root of ${size}`);
    for (const { index, proof } of inclusion) {
      const path = hashes(proof);
      demand(same(path, tree.path(index, 0, size)), `path of ${index} in ${size}`);
      const made = rootOf(index, size, leaves[index], path);
      demand(made.toString("hex") === root, `root by ${index} in ${size}`);
      proofs += 1;
    }
    for (const { first, proof } of consistency) {
      const expected = first === 0 ? [] : tree.subproof(first, 0, size, true);
      demand(same(hashes(proof), expected), `consistency of ${first} and ${size}`);
      proofs += 1;
    }
  }
  return `${all.length} trees, ${proofs} proofs`;
}

// A signed note (C2SP signed-note); returns its text.
function openNote(note, vkey) {
  const [, name, id, key] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey);
  const bytes = Buffer.from(key, "base64");
  demand(bytes.length === 33 && bytes[0] === 1, "the key is no Ed25519 one");
  const keyId = sha256(name, "\n", bytes).subarray(0, 4);
  demand(keyId.toString("hex") === id, "the key's id");
  const blank = note.lastIndexOf("\n\n");
  const text = note.slice(0, blank + 1);
  const lines = note.slice(blank + 2).split("\n");
  demand(lines.pop() === "", "the last line has no end");
  const publicKey = createPublicKey({
    key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bytes.subarray(1)]),
    format: "der",
    type: "spki",
  });
  let verified = 0;
  for (const line of lines) {
    const match = /^— ([^+\s]+) (\S+)$/u.exec(line);
    demand(match !== null, `the signature line "${line}"`);
    const signature = Buffer.from(match[2], "base64");
    if (match[1] !== name || !signature.subarray(0, 4).equals(keyId)) continue;
    demand(verify(null, Buffer.from(text), publicKey, signature.subarray(4)), "the signature");
    verified += 1;
  }
  demand(verified > 0, "no signature of the key");
  return text;
}

// C2SP tlog-checkpoint.
function openCheckpoint(note, vkey) {
  const [origin, size, root] = openNote(note, vkey).split("\n");
  demand(/^(0|[1-9][0-9]*)$/.test(size), "the size");
  return { origin, size: Number(size), root: Buffer.from(root, "base64") };
}

// C2SP tlog-proof, of a leaf's hash; returns the checkpoint that it ends with.
function openProof(proof, leaf, vkey) {
  const blank = proof.indexOf("\n\n");
  const [version, index, ...path_] = proof.slice(0, blank).split("\n");
  demand(version === "c2sp.org/tlog-proof@v1", "the proof's version");
  const checkpoint = openCheckpoint(proof.slice(blank + 2), vkey);
  const number = /^index (0|[1-9][0-9]*)$/.exec(index);
  demand(number !== null, "the proof's index");
  const root = rootOf(Number(number[1]), checkpoint.size, leaf,
    path_.map((text) => Buffer.from(text, "base64")));
  demand(root.equals(checkpoint.root), "the proof's root");
  return checkpoint;
}

const piece = (text) => {
  const bytes = Buffer.from(String(text));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

// Entry format 2, as the folder's README tells it.
function entryBytes(entry, previousHash) {
  return Buffer.concat(["marginalia-audit-2", entry.number, entry.orgId, entry.actorId,
    entry.nameCommitment, entry.action, entry.invoiceId, entry.commentId, entry.revision,
    entry.contentCommitment, entry.reason, entry.requestId, entry.createTimeMicros, previousHash]
    .map(piece));
}

// {"entries": [{…, hash}], "commitments": [{salt: base64, text, commitment}]}
function entries(text) {
  const { entries: all, commitments } = JSON.parse(text);
  let previous = "";
  for (const entry of all) {
    const hash = leafHash(entryBytes(entry, previous)).toString("hex");
    demand(hash === entry.hash, `entry ${entry.number}`);
    previous = hash;
  }
  for (const { salt, text: said, commitment } of commitments) {
    const bytes = Buffer.from(salt, "base64");
    demand(bytes.length === 16, "a salt");
    demand(sha256(bytes, Buffer.from(said)).toString("hex") === commitment, `commitment of ${said}`);
  }
  return `${all.length} entries, ${commitments.length} commitments`;
}

// {"keys": [vkey], "note", "proof", "leaf": hex}
function notes(text) {
  const { keys, note, proof, leaf } = JSON.parse(text);
  for (const vkey of keys) {
    const checkpoint = openCheckpoint(note, vkey);
    const end = openProof(proof, Buffer.from(leaf, "hex"), vkey);
    demand(end.origin === checkpoint.origin && end.size === checkpoint.size, "the proof's checkpoint");
  }
  return `${keys.length} keys`;
}

// {"key": vkey, "evidence": the file's text}: signature, hashes, proofs and commitments.
function evidence(text) {
  const { key, evidence: file } = JSON.parse(text);
  const { format, thread, comments, entries: all, checkpoint } = JSON.parse(file);
  demand(format === "marginalia-evidence-1", "the format");
  const said = new Map();
  for (const entry of all) {
    let bytes = entryBytes(entry, entry.previousHash);
    let hash = leafHash(bytes);
    if (entry.format === 1) {
      bytes = Buffer.concat([entry.previousHash, entry.position, entry.orgId, entry.actorId,
        entry.actorName, entry.action, entry.invoiceId, entry.commentId, entry.requestId,
        entry.createTimeMicros].map(piece));
      hash = sha256(bytes);
    }
    demand(hash.toString("hex") === entry.hash, `hash of entry ${entry.number}`);
    const end = openProof(`${entry.proof}\n${checkpoint}`, leafHash(bytes), key);
    demand(end.origin.endsWith(`/${encodeURIComponent(entry.orgId)}`), "the tenant");
    demand(entry.proof.includes(`\nindex ${entry.number - 1}\n`), `index of ${entry.number}`);
    if (entry.contentCommitment !== "") said.set(`${entry.commentId} ${entry.revision}`, entry);
  }
  let texts = 0;
  // Of an import the reason commits to the name, or has it in clear; of all else the entry does.
  const named = (person, salt, entry, key, imported) => {
    if (entry.format === 1) return;
    const inReason = new RegExp(` ${key}_name_commitment=([0-9a-f]{64})( |$)`).exec(entry.reason);
    if (imported && inReason === null) {
      const quoted = person.displayName.replaceAll(/["\\]/g, "\\$&");
      demand(entry.reason.includes(` ${key}_name="${quoted}"`), `name of ${person.userId}`);
      return;
    }
    const name = sha256(Buffer.from(salt, "base64"), person.displayName).toString("hex");
    demand(name === (imported ? inReason[1] : entry.nameCommitment), `name of ${person.userId}`);
  };
  const state = all.filter((entry) => entry.commentId === "").at(-1);
  if (state !== undefined) {
    const imported = state.reason.startsWith("state_time=");
    named(thread.stateActor, thread.stateActorSalt, state, "state_actor", imported);
  }
  for (const { commentId, removal } of comments.filter((comment) => "removal" in comment)) {
    const of = all.filter((entry) => entry.commentId === commentId);
    const imported = of[0].action === "comment.imported" && of[0].reason.includes(" removal_time=");
    const removing = of.find(({ action }) => ["comment.removed", "comment.erased"].includes(action));
    named(removal.actor, removal.actorSalt, imported ? of[0] : removing, "remover", imported);
  }
  for (const { commentId, revisions } of comments) {
    for (const { revision, body, salt, editor, editorSalt } of revisions) {
      const entry = said.get(`${commentId} ${revision}`);
      if (entry === undefined) continue;
      const name = sha256(Buffer.from(editorSalt, "base64"), editor.displayName);
      demand(name.toString("hex") === entry.nameCommitment, `name of ${commentId}`);
      if (body === undefined) continue;
      const content = sha256(Buffer.from(salt, "base64"), body);
      demand(content.toString("hex") === entry.contentCommitment,
        `text of revision ${revision} of ${commentId}`);
      texts += 1;
    }
  }
  return `${all.length} entries, ${texts} texts`;
}

// The root of the later tree, from the root of the earlier one and RFC 6962's consistency proof;
// recursive, as SUBPROOF is. `first` > 0.
function rootsBy(first, size, whole, proof, firstRoot) {
  if (first === size) {
    demand(proof.length === (whole ? 0 : 1), "a consistency proof's length");
    const root = whole ? firstRoot : proof[0];
    return [root, root];
  }
  demand(proof.length > 0, "a consistency proof is too short");
  const split = splitOf(size);
  const last = proof[proof.length - 1];
  const rest = proof.slice(0, -1);
  if (first <= split) {
    const [earlier, later] = rootsBy(first, split, whole, rest, firstRoot);
    return [earlier, nodeHash(later, last)];
  }
  const [earlier, later] = rootsBy(first - split, size - split, false, rest, firstRoot);
  return [nodeHash(last, earlier), nodeHash(last, later)];
}

// {"key": vkey, "checkpoints": [note, oldest first], "proofs": [tlog-witness add-checkpoint bodies],
// "inclusion": [{leaf: hex, proof: tlog-proof}]}: each proof leads from a checkpoint to the next.
function growth(text) {
  const { key, checkpoints, proofs, inclusion } = JSON.parse(text);
  const opened = checkpoints.map((note) => openCheckpoint(note, key));
  demand(proofs.length === opened.length - 1, "the number of proofs");
  for (const [i, proof] of proofs.entries()) {
    const blank = proof.indexOf("\n\n");
    const [old, ...lines] = proof.slice(0, blank).split("\n");
    demand(old === `old ${opened[i].size}`, "the earlier size");
    const later = openCheckpoint(proof.slice(blank + 2), key);
    demand(later.origin === opened[i].origin, "the origin");
    demand(later.size === opened[i + 1].size && later.root.equals(opened[i + 1].root), "the later one");
    const path = lines.map((line) => Buffer.from(line, "base64"));
    if (opened[i].size === 0) {
      demand(path.length === 0, "a proof from nothing");
      continue;
    }
    const [earlier, made] = rootsBy(opened[i].size, later.size, true, path, opened[i].root);
    demand(earlier.equals(opened[i].root) && made.equals(later.root), `consistency to ${later.size}`);
  }
  for (const { leaf, proof } of inclusion) openProof(proof, Buffer.from(leaf, "hex"), key);
  return `${opened.length} checkpoints, ${inclusion.length} entries`;
}

const subjects = { trees, entries, notes, evidence, growth };
try {
  const [, , subject, file] = argv;
  stdout.write(`${subjects[subject](readFileSync(file, "utf8"))}\n`);
} catch (error) {
  stdout.write(`${error.message}\n`);
  exit(1);
}
