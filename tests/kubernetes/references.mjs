// Whether what pods mount and read is there: made by these manifests, by cert-manager for them, or by
// whoever installs them, as README.md of deploy/kubernetes tells.
import {nameOf, ofKind, workloads} from './manifests.mjs';

export const madeByHand = {
  sqlite: ['ConfigMap jwks', 'Secret gateway-token', 'Secret invoice-service-token',
    'Secret token-key', 'Secret checkpoint-key'],
  postgres: ['ConfigMap jwks', 'Secret comments-service-database', 'Secret gateway-token',
    'Secret invoice-service-database', 'Secret invoice-service-token', 'Secret token-key',
    'Secret checkpoint-key'],
};

function referencesOf(pod) {
  const names = [];
  for (const {secret, configMap} of pod.volumes ?? []) {
    if (secret) names.push(`Secret ${secret.secretName}`);
    if (configMap) names.push(`ConfigMap ${configMap.name}`);
  }
  for (const {valueFrom} of pod.containers.flatMap(({env}) => env ?? [])) {
    if (valueFrom?.secretKeyRef) names.push(`Secret ${valueFrom.secretKeyRef.name}`);
    if (valueFrom?.configMapKeyRef) names.push(`ConfigMap ${valueFrom.configMapKeyRef.name}`);
  }
  if (pod.serviceAccountName) names.push(`ServiceAccount ${pod.serviceAccountName}`);
  return names;
}

// Each file that a flag names must lie in something that is mounted.
function wrongPaths(object, pod) {
  const templates = object.spec.volumeClaimTemplates ?? [];
  const volumes = [...(pod.volumes ?? []), ...templates.map(({metadata}) => metadata)].map(({name}) => name);
  return pod.containers.flatMap((container) => {
    const mounts = container.volumeMounts ?? [];
    const paths = (container.args ?? []).map((argument) => /^--\w+=(?:sqlite:)?(\/.*)$/.exec(argument)?.[1]);
    return [
      ...mounts.filter(({name}) => !volumes.includes(name)).map(({name}) => `${nameOf(object)} mounts no volume ${name}`),
      ...paths.filter((path) => path && !mounts.some(({mountPath}) => path.startsWith(`${mountPath}/`)))
        .map((path) => `${nameOf(object)}: nothing is mounted for ${path}`),
    ];
  });
}

export function wrongReferences(objects, overlay) {
  const there = new Set(objects.map(nameOf));
  for (const {spec} of ofKind(objects, 'Certificate')) there.add(`Secret ${spec.secretName}`);
  const used = new Set();
  const wrong = workloads(objects).flatMap(({object, pod}) => {
    const missing = referencesOf(pod).filter((name) => !there.has(name));
    for (const name of missing) used.add(name);
    return [
      ...missing.filter((name) => !madeByHand[overlay].includes(name)).map((name) => `${nameOf(object)}: there is no ${name}`),
      ...wrongPaths(object, pod),
    ];
  });
  const unused = madeByHand[overlay].filter((name) => !used.has(name)).map((name) => `nothing uses ${name}`);
  const secrets = ofKind(objects, 'Secret').map((secret) => `${nameOf(secret)} would lie in the open`);
  return [...wrong, ...unused, ...secrets];
}
