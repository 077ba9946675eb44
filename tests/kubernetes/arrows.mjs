// Who may open a connection to whom, by the NetworkPolicies: exactly the arrows of this table.
import {namespace, nameOf, ofKind, selects, workloads} from './manifests.mjs';

const outside = [
  {name: 'a backend', namespace: {'kubernetes.io/metadata.name': 'billing', 'marginalia.dev/client': 'true'}},
  {name: 'Prometheus', namespace: {'kubernetes.io/metadata.name': 'monitoring'}},
  {name: 'DNS', namespace: {'kubernetes.io/metadata.name': 'kube-system'}, labels: {'k8s-app': 'kube-dns'}},
  {name: 'PostgreSQL', namespace: {'kubernetes.io/metadata.name': 'postgres'}},
  {name: 'a stranger', namespace: {'kubernetes.io/metadata.name': 'elsewhere'}},
  {name: 'the internet'},
];
const anyoneOutside = outside.map(({name}) => name);

const arrows = [
  [anyoneOutside, 'gateway', '8080/TCP'],
  [['gateway', 'invoice-service', 'a backend'], 'comments-service', '50051/TCP'],
  [['gateway', 'comments-service', 'a backend'], 'invoice-service', '50052/TCP'],
  [['Prometheus'], 'comments-service', '9151/TCP'],
  [['Prometheus'], 'invoice-service', '9152/TCP'],
  [['Prometheus'], 'gateway', '9153/TCP'],
];
const databaseUsers = ['comments-service', 'invoice-service', 'comments-service-migration', 'invoice-service-migration'];

// Ports that nobody listens on must be closed as well: a rule without ports opens them all.
const otherPorts = ['53/UDP', '53/TCP', '5432/TCP', '443/TCP', '6443/TCP', '31337/TCP'];

function expectedArrows(overlay, insiders) {
  const expected = arrows.flatMap(([sources, target, port]) => sources.map((source) => arrow(source, target, port)));
  for (const name of insiders) expected.push(arrow(name, 'DNS', '53/UDP'), arrow(name, 'DNS', '53/TCP'));
  if (overlay === 'postgres') {
    expected.push(...databaseUsers.map((name) => arrow(name, 'PostgreSQL', '5432/TCP')));
  }
  return new Set(expected);
}

const arrow = (source, target, port) => `${source} -> ${target} ${port}`;

// The last one is a pod that somebody else starts in the same namespace.
function insidersOf(objects) {
  const pods = workloads(objects).map(({object, pod, labels}) => ({
    name: object.metadata.name,
    labels,
    ports: pod.containers.flatMap((container) => container.ports ?? []),
  }));
  return [...pods, {name: 'another pod', labels: {}, ports: []}].map((pod) => ({
    ...pod,
    inside: true,
    namespace: {'kubernetes.io/metadata.name': namespace},
  }));
}

function matchesPeer(peer, actor) {
  if (peer.ipBlock) throw new Error('ipBlock: say in arrows.mjs which of the actors it means');
  if (!actor.namespace) return false;
  const sameNamespace = peer.namespaceSelector ? selects(peer.namespaceSelector, actor.namespace) : actor.inside;
  return Boolean(sameNamespace) && selects(peer.podSelector ?? {}, actor.labels ?? {});
}

// A port is named after the pod that is connected to.
function matchesPort(allowed, target, port) {
  const [number, protocol] = port.split('/');
  if ((allowed.protocol ?? 'TCP') !== protocol) return false;
  const named = target.ports?.find(({name}) => name === allowed.port)?.containerPort;
  return String(named ?? allowed.port) === number;
}

function ruleAllows(rule, peers, peer, target, port) {
  const peerAllowed = !peers?.length || peers.some((one) => matchesPeer(one, peer));
  return peerAllowed && (!rule.ports?.length || rule.ports.some((one) => matchesPort(one, target, port)));
}

// Whether the policies let `actor` out to, or in from, `peer`; one without policies is free.
function lets(policies, direction, actor, peer, target, port) {
  if (!actor.inside) return true;
  const applied = policies.filter(({spec}) =>
    spec.policyTypes.includes(direction) && selects(spec.podSelector, actor.labels));
  const [rules, peers] = direction === 'Egress' ? ['egress', 'to'] : ['ingress', 'from'];
  return !applied.length || applied.some(({spec}) =>
    (spec[rules] ?? []).some((rule) => ruleAllows(rule, rule[peers], peer, target, port)));
}

function permittedArrows(policies, insiders) {
  const ports = new Set(otherPorts);
  for (const {ports: own} of insiders) for (const {containerPort} of own) ports.add(`${containerPort}/TCP`);
  const permitted = new Set();
  const actors = [...insiders, ...outside];
  for (const source of actors) {
    for (const target of actors) {
      if (source === target || (!source.inside && !target.inside)) continue;
      for (const port of ports) {
        const open = lets(policies, 'Egress', source, target, target, port) &&
          lets(policies, 'Ingress', target, source, target, port);
        if (open) permitted.add(arrow(source.name, target.name, port));
      }
    }
  }
  return permitted;
}

export function wrongArrows(objects, overlay) {
  const policies = ofKind(objects, 'NetworkPolicy');
  const insiders = insidersOf(objects);
  const permitted = permittedArrows(policies, insiders);
  const expected = expectedArrows(overlay, insiders.map(({name}) => name));
  const idle = policies.filter(({spec}) => !insiders.some(({labels}) => selects(spec.podSelector, labels)));
  return [
    ...[...permitted].filter((one) => !expected.has(one)).map((one) => `${one} is permitted`),
    ...[...expected].filter((one) => !permitted.has(one)).map((one) => `${one} is not permitted`),
    ...idle.map((policy) => `${nameOf(policy)} applies to no pod`),
  ];
}
