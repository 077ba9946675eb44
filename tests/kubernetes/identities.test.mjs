import assert from 'node:assert/strict';
import {test} from 'node:test';
import {wrongIdentities} from './identities.mjs';
import {changed, find, overlays, rendered} from './manifests.mjs';

for (const overlay of overlays) {
  test(`${overlay}: those who call each other know each other`, () => {
    assert.deepEqual(wrongIdentities(rendered(overlay)), []);
  });
}

const objects = rendered('postgres');

function broken(change) {
  return wrongIdentities(changed(objects, change));
}

function withArgs(name, change) {
  return broken((copy) => {
    const [container] = find(copy, 'Deployment', name).spec.template.spec.containers;
    container.args = change(container.args);
  });
}

test('a listener that asks for no certificate is found', () => {
  const wrong = withArgs('comments-service', (args) => args.filter((one) => !one.startsWith('--tls_client_ca_path')));
  assert.deepEqual(wrong, ['Deployment comments-service: --tls_client_ca_path is not the ca.crt of a secret']);
});

test('a caller that calls in plain text is found', () => {
  const wrong = withArgs('gateway', (args) => args.filter((one) => !one.startsWith('--upstream_ca_path')));
  assert.deepEqual(wrong, ['Deployment gateway: --upstream_ca_path is not the ca.crt of a secret']);
});

test('a process that would be refused is found', () => {
  const wrong = withArgs('invoice-service', (args) => args.map((one) => one.replace('comments-service,gateway', 'gateway')));
  assert.deepEqual(wrong, ["Deployment invoice-service: accepts no service's call from comments-service"]);
});

test('one more that may call as a service is found', () => {
  const wrong = withArgs('invoice-service', (args) => args.map((one) => one.replace(',operator', ',operator,invoice-service')));
  assert.deepEqual(wrong, ["Deployment invoice-service: accepts services' calls from invoice-service"]);
});

test('a name that the certificate does not carry is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Certificate', 'invoice-service').spec.dnsNames.shift();
  });
  assert.deepEqual(wrong, [
    'Deployment comments-service: --invoices_address: the certificate of invoice-service does not carry this name',
    'Deployment gateway: --invoices_address: the certificate of invoice-service does not carry this name',
  ]);
});

test('an address that no Service has is found', () => {
  const wrong = withArgs('invoice-service', (args) => args.map((one) => one.replace('comments-service:50051', 'comments:50051')));
  assert.deepEqual(wrong, ['Deployment invoice-service: --comments_address: no Service is dns:///comments:50051']);
});

test('a certificate that cannot be presented is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Certificate', 'gateway').spec.usages = ['server auth'];
  });
  assert.deepEqual(wrong, ['Deployment gateway: Certificate gateway is not for client auth']);
});

test('a certificate that nobody issues is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Certificate', 'gateway').spec.issuerRef.name = 'marginalis';
  });
  assert.deepEqual(wrong, ['Certificate gateway has no Issuer marginalis']);
});
