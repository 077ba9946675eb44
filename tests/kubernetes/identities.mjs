// Whether those who call each other prove to each other who they are: every listener of gRPC asks for
// a certificate, every caller has one, each carries the names that it is called by, and those whose
// calls may come with a token of the role service are named.
import {flagOf, nameOf, ofKind, servers} from './manifests.mjs';

// comments-service asks invoice-service with its own caller's token. The operator's tool is no part
// of the manifests.
const serviceClients = {
  'comments-service': ['gateway', 'invoice-service', 'operator'],
  'invoice-service': ['comments-service', 'gateway', 'operator'],
};

const upstreamFlags = ['comments_address', 'invoices_address'];

// The certificate of a file that a flag names: cert-manager's of the secret that is mounted there.
function certificateOf(objects, {pod, container}, flag) {
  const path = flagOf(container, flag);
  const mount = container.volumeMounts.find(({mountPath}) => path?.startsWith(`${mountPath}/`));
  const volume = pod.volumes.find(({name}) => name === mount?.name);
  return ofKind(objects, 'Certificate').find(({spec}) => spec.secretName === volume?.secret?.secretName);
}

// The files of one certificate, as cert-manager names them.
function wrongFiles(objects, server, flags) {
  const [certificate, ...others] = Object.keys(flags).map((flag) => certificateOf(objects, server, flag));
  const misnamed = Object.entries(flags)
    .filter(([flag, file]) => !flagOf(server.container, flag)?.endsWith(`/${file}`))
    .map(([flag, file]) => `--${flag} is not the ${file} of a secret`);
  if (misnamed.length) return misnamed;
  const one = certificate && others.every((other) => other === certificate);
  return one ? [] : [`${Object.keys(flags).map((flag) => `--${flag}`).join(', ')} are not of one certificate`];
}

function wrongUsage(certificate, usage) {
  return !certificate || certificate.spec.usages?.includes(usage) ? [] : [`${nameOf(certificate)} is not for ${usage}`];
}

function wrongListener(objects, server) {
  const name = server.object.metadata.name;
  const flags = {tls_certificate_path: 'tls.crt', tls_key_path: 'tls.key'};
  if (serviceClients[name]) flags.tls_client_ca_path = 'ca.crt';
  const wrong = wrongFiles(objects, server, flags);
  const named = flagOf(server.container, 'service_client_names')?.split(',') ?? [];
  for (const client of serviceClients[name] ?? []) {
    if (!named.includes(client)) wrong.push(`accepts no service's call from ${client}`);
  }
  for (const client of named) {
    if (!serviceClients[name]?.includes(client)) wrong.push(`accepts services' calls from ${client}`);
  }
  return [...wrong, ...wrongUsage(certificateOf(objects, server, 'tls_certificate_path'), 'server auth')];
}

function wrongUpstream(objects, flag, address) {
  const [, host, port] = /^dns:\/\/\/([^:]+):(\d+)$/.exec(address) ?? [];
  const service = objects.find(({kind, metadata}) => kind === 'Service' && metadata.name === host);
  if (!service?.spec.ports.some((one) => one.port === Number(port))) return [`--${flag}: no Service is ${address}`];
  const target = servers(objects).find(({object}) => object.metadata.name === host);
  const [container] = target.pod.containers;
  const certificate = certificateOf(objects, {...target, container}, 'tls_certificate_path');
  const known = certificate?.spec.dnsNames.includes(host);
  return known ? [] : [`--${flag}: the certificate of ${host} does not carry this name`];
}

function wrongCalls(objects, server) {
  const addresses = upstreamFlags.map((flag) => [flag, flagOf(server.container, flag)]).filter(([, address]) => address);
  if (!addresses.length) return [];
  return [
    ...wrongFiles(objects, server, {
      upstream_certificate_path: 'tls.crt',
      upstream_key_path: 'tls.key',
      upstream_ca_path: 'ca.crt',
    }),
    ...wrongUsage(certificateOf(objects, server, 'upstream_certificate_path'), 'client auth'),
    ...addresses.flatMap(([flag, address]) => wrongUpstream(objects, flag, address)),
  ];
}

function wrongIssuers(objects) {
  const issuers = ofKind(objects, 'Issuer');
  const authorities = ofKind(objects, 'Certificate').filter(({spec}) => spec.isCA).map(({spec}) => spec.secretName);
  return [
    ...ofKind(objects, 'Certificate')
      .filter(({spec}) => !issuers.some(({metadata}) => metadata.name === spec.issuerRef.name))
      .map((certificate) => `${nameOf(certificate)} has no Issuer ${certificate.spec.issuerRef.name}`),
    ...issuers
      .filter(({spec}) => spec.ca && !authorities.includes(spec.ca.secretName))
      .map((issuer) => `${nameOf(issuer)} has no authority ${issuer.spec.ca.secretName}`),
  ];
}

export function wrongIdentities(objects) {
  const wrong = servers(objects).flatMap(({object, pod}) => pod.containers.flatMap((container) => {
    const server = {object, pod, container};
    return [...wrongListener(objects, server), ...wrongCalls(objects, server)].map((one) => `${nameOf(object)}: ${one}`);
  }));
  return [...wrong, ...wrongIssuers(objects)];
}
