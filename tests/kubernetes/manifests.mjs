// The manifests of deploy/kubernetes as kubectl renders them, and how to find one's way in them. Each
// check takes such a list of objects and returns what is wrong with it, a sentence each; its test
// also hands it a list that somebody broke.
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {parse, parseAllDocuments} from 'yaml';

export const overlays = ['sqlite', 'postgres'];

const deploy = fileURLToPath(new URL('../../deploy', import.meta.url));
export const namespace = 'marginalia';

// Newer versions of kubectl warn that `bases` has another name now; older ones know no other.
export function rendered(overlay) {
  const text = execFileSync('kubectl', ['kustomize', `${deploy}/kubernetes/${overlay}`],
    {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
  return parseAllDocuments(text).map((document) => document.toJS());
}

export function compose() {
  return parse(readFileSync(`${deploy}/compose.yaml`, 'utf8'), {merge: true});
}

// A copy of the objects that `change` has broken.
export function changed(objects, change) {
  const copy = structuredClone(objects);
  change(copy);
  return copy;
}

export function find(objects, kind, name) {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

export function ofKind(objects, kind) {
  return objects.filter((object) => object.kind === kind);
}

export function nameOf(object) {
  return `${object.kind} ${object.metadata.name}`;
}

// What runs pods: {object, pod, labels}, `pod` being their spec.
export function workloads(objects) {
  return objects
    .filter((object) => object.spec?.template?.spec?.containers)
    .map((object) => ({
      object,
      pod: object.spec.template.spec,
      labels: object.spec.template.metadata.labels,
    }));
}

// Those that serve until they are told to stop.
export function servers(objects) {
  return workloads(objects).filter(({object}) => object.kind !== 'Job');
}

// The value of --name=value among the arguments of a container.
export function flagOf(container, name) {
  const prefix = `--${name}=`;
  return container.args?.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
}

// Seconds of a duration such as 20s, 5m or 1h.
export function secondsOf(duration) {
  const [, number, unit] = /^(\d+)(s|m|h)$/.exec(duration);
  return Number(number) * {s: 1, m: 60, h: 3600}[unit];
}

// Whether a label selector of Kubernetes picks something with these labels.
export function selects(selector, labels) {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return equal && (selector.matchExpressions ?? []).every(({key, operator, values}) => {
    if (operator === 'In') return values.includes(labels[key]);
    if (operator === 'NotIn') return !values.includes(labels[key]);
    if (operator === 'Exists') return key in labels;
    if (operator === 'DoesNotExist') return !(key in labels);
    throw new Error(`unknown operator ${operator}`);
  });
}
