// Whether each process is asked how it is, where it answers, and told apart when it starts, when it is
// busy and when it hangs.
import {flagOf, nameOf, servers} from './manifests.mjs';

const kinds = ['startupProbe', 'readinessProbe', 'livenessProbe'];
const listenerFlags = ['listen_address', 'probe_address', 'metrics_address'];

const handlerOf = (probe) => probe.grpc ?? probe.httpGet ?? probe.tcpSocket;

// Kubernetes' defaults are 10 s and 3 times.
const patienceOf = (probe) => (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3);

const portOfFlag = (container, name) => Number(flagOf(container, name)?.replace(/^.*:/, ''));

function wrongProbe(container, kind) {
  const probe = container[kind];
  if (!probe) return [`has no ${kind}`];
  const handler = handlerOf(probe);
  if (!handler) return [`${kind} asks nobody`];
  const port = container.ports.find(({name, containerPort}) => [name, containerPort].includes(handler.port));
  if (!port) return [`${kind}: port ${handler.port} is no port of the container`];
  const wrong = [];
  // Such a probe cannot speak TLS.
  if (probe.grpc && port.containerPort !== portOfFlag(container, 'probe_address')) {
    wrong.push(`${kind}: port ${handler.port} is not that of --probe_address`);
  }
  const scheme = flagOf(container, 'tls_certificate_path') ? 'HTTPS' : 'HTTP';
  if (probe.httpGet && (handler.scheme ?? 'HTTP') !== scheme) wrong.push(`${kind} does not speak ${scheme}`);
  return wrong;
}

function wrongContainer(container) {
  const wrong = kinds.flatMap((kind) => wrongProbe(container, kind));
  for (const flag of listenerFlags) {
    const port = portOfFlag(container, flag);
    if (port && !container.ports.some(({containerPort}) => containerPort === port)) {
      wrong.push(`--${flag} has port ${port}, which is no port of the container`);
    }
  }
  if (!wrong.length && patienceOf(container.livenessProbe) < 2 * patienceOf(container.readinessProbe)) {
    wrong.push('is ended as soon as it is busy: livenessProbe has no more patience than readinessProbe');
  }
  return wrong;
}

export function wrongProbes(objects) {
  return servers(objects).flatMap(({object, pod}) =>
    pod.containers.flatMap((container) => wrongContainer(container).map((one) => `${nameOf(object)} ${one}`)));
}
