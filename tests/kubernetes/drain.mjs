// Whether a process gets the time that it needs to end, and enough others stay meanwhile.
import {flagOf, nameOf, ofKind, secondsOf, selects, servers} from './manifests.mjs';

// For what is left to do when the calls have ended: stopping threads, writing the log of SQLite back.
const marginSeconds = 5;
const defaultDrain = '10s';

function preStopSeconds(container) {
  const [program, seconds] = container.lifecycle?.preStop?.exec?.command ?? [];
  return program === 'sleep' ? Number(seconds) : 0;
}

export function wrongGraces(objects) {
  return servers(objects).flatMap(({object, pod}) => pod.containers.flatMap((container) => {
    const before = preStopSeconds(container);
    const drain = secondsOf(flagOf(container, 'drain_grace') ?? defaultDrain);
    const needed = before + drain + marginSeconds;
    const given = pod.terminationGracePeriodSeconds ?? 30;
    const wrong = [];
    if (!before) wrong.push(`${nameOf(object)} drains before others know: no preStop`);
    if (given < needed) wrong.push(`${nameOf(object)} is killed after ${given} s but may take ${needed} s`);
    return wrong;
  }));
}

// The same of a compose file's services that run one of the programs; Docker gives 10 s by itself.
export function wrongComposedGraces({services}) {
  return Object.entries(services).filter(([, {command}]) => command).flatMap(([name, service]) => {
    const needed = secondsOf(flagOf({args: service.command}, 'drain_grace') ?? defaultDrain) + marginSeconds;
    const given = secondsOf(service.stop_grace_period ?? '10s');
    return given < needed ? [`${name} is killed after ${given} s but may take ${needed} s`] : [];
  });
}

// Of what shares a database's connections no more than one replica is on its way out, as README.md of
// deploy/kubernetes counts: the next one goes once its successor has been ready for so long.
export function overlappingExits(objects) {
  const connected = servers(objects).filter(({object, pod}) => object.kind === 'Deployment' &&
    pod.containers.some(({env}) => env?.some(({name}) => name === 'MARGINALIA_DATABASE_URL')));
  return connected.flatMap(({object, pod}) => {
    const after = object.spec.minReadySeconds ?? 0;
    const given = pod.terminationGracePeriodSeconds;
    return after < given ? [`${nameOf(object)} lets the next replica go after ${after} s while one may take ${given} s`] : [];
  });
}

function fewestReplicas(objects, object) {
  const scaler = ofKind(objects, 'HorizontalPodAutoscaler').find(({spec}) =>
    spec.scaleTargetRef.kind === object.kind && spec.scaleTargetRef.name === object.metadata.name);
  return scaler?.spec.minReplicas ?? object.spec.replicas ?? 1;
}

// What a budget leaves running at least; percentages are not used here.
function keptBy(budget, replicas) {
  const {minAvailable, maxUnavailable} = budget.spec;
  return minAvailable ?? replicas - maxUnavailable;
}

export function wrongBudgets(objects) {
  const budgets = ofKind(objects, 'PodDisruptionBudget');
  return servers(objects).flatMap(({object, labels}) => {
    const replicas = fewestReplicas(objects, object);
    const budget = budgets.find(({spec}) => selects(spec.selector, labels));
    if (replicas === 1) return budget ? [`${nameOf(budget)} lets no node be drained: there is one replica`] : [];
    if (!budget) return [`${nameOf(object)} has ${replicas} replicas and no budget`];
    const kept = keptBy(budget, replicas);
    if (kept >= replicas) return [`${nameOf(budget)} lets no node be drained`];
    return kept < 1 ? [`${nameOf(budget)} lets all replicas go at once`] : [];
  });
}
