// Whether what points at pods points at pods that exist: Services, budgets, scalers, monitors.
import {nameOf, ofKind, selects, servers, workloads} from './manifests.mjs';

function portOf(pods, targetPort) {
  return pods.every(({pod}) => pod.containers.some((container) =>
    container.ports?.some(({name, containerPort}) => [name, containerPort].includes(targetPort))));
}

function wrongServices(objects) {
  return ofKind(objects, 'Service').flatMap((service) => {
    const pods = workloads(objects).filter(({labels}) => selects({matchLabels: service.spec.selector}, labels));
    if (pods.length !== 1) return [`${nameOf(service)} selects ${pods.length} workloads, not one`];
    return service.spec.ports
      .filter((port) => !portOf(pods, port.targetPort ?? port.port))
      .map((port) => `${nameOf(service)}: no pod has its port ${port.targetPort ?? port.port}`);
  });
}

function wrongWorkloads(objects) {
  return servers(objects).flatMap(({object, pod, labels}) => {
    const wrong = [];
    if (!selects(object.spec.selector, labels)) wrong.push(`${nameOf(object)} does not select its own pods`);
    for (const {labelSelector} of pod.topologySpreadConstraints ?? []) {
      if (!selects(labelSelector, labels)) wrong.push(`${nameOf(object)} is not spread: the constraint selects others`);
    }
    const service = objects.find((one) => one.kind === 'Service' && one.metadata.name === object.spec.serviceName);
    if (object.kind === 'StatefulSet' && service?.spec.clusterIP !== 'None') {
      wrong.push(`${nameOf(object)} has no headless Service ${object.spec.serviceName}`);
    }
    // Else its name is gone while it restarts, and its clients are slow to ask for it again.
    if (object.kind === 'StatefulSet' && service && !service.spec.publishNotReadyAddresses) {
      wrong.push(`${nameOf(service)} does not name the only replica while it restarts`);
    }
    return wrong;
  });
}

function wrongScalers(objects) {
  return ofKind(objects, 'HorizontalPodAutoscaler').flatMap((scaler) => {
    const {kind, name} = scaler.spec.scaleTargetRef;
    const target = objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (!target) return [`${nameOf(scaler)} scales ${kind} ${name}, which is not there`];
    // Else each apply would put the number back that the scaler has changed.
    return target.spec.replicas === undefined ? [] : [`${nameOf(target)} sets replicas, and ${nameOf(scaler)} as well`];
  });
}

function wrongMonitors(objects) {
  return ofKind(objects, 'ServiceMonitor').flatMap((monitor) =>
    ofKind(objects, 'Service').flatMap((service) => {
      if (!selects(monitor.spec.selector, service.metadata.labels)) {
        return [`${nameOf(monitor)} does not select ${nameOf(service)}`];
      }
      return monitor.spec.endpoints
        .filter((endpoint) => !service.spec.ports.some(({name}) => name === endpoint.port))
        .map((endpoint) => `${nameOf(service)} has no port ${endpoint.port} for ${nameOf(monitor)}`);
    }));
}

export function wrongSelectors(objects) {
  return [wrongServices, wrongWorkloads, wrongScalers, wrongMonitors].flatMap((check) => check(objects));
}
