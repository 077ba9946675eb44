// The types of what others than Kubernetes define, as far as deploy/kubernetes uses them: cert-manager's
// and the Prometheus operator's.
import type {LabelSelector, ObjectMeta} from 'kubernetes-types/meta/v1';

interface IssuerReference {
  kind: 'Issuer' | 'ClusterIssuer';
  name: string;
  group?: string;
}

export interface Issuer {
  apiVersion: 'cert-manager.io/v1';
  kind: 'Issuer';
  metadata: ObjectMeta;
  spec: {selfSigned: object} | {ca: {secretName: string}};
}

export interface Certificate {
  apiVersion: 'cert-manager.io/v1';
  kind: 'Certificate';
  metadata: ObjectMeta;
  spec: {
    secretName: string;
    issuerRef: IssuerReference;
    isCA?: boolean;
    commonName?: string;
    dnsNames?: string[];
    duration?: string;
    renewBefore?: string;
    privateKey?: {
      algorithm?: 'RSA' | 'ECDSA' | 'Ed25519';
      size?: number;
      rotationPolicy?: 'Always' | 'Never';
    };
    usages?: ('digital signature' | 'key encipherment' | 'server auth' | 'client auth')[];
  };
}

export interface ServiceMonitor {
  apiVersion: 'monitoring.coreos.com/v1';
  kind: 'ServiceMonitor';
  metadata: ObjectMeta;
  spec: {
    jobLabel?: string;
    selector: LabelSelector;
    endpoints: {port: string; path?: string; interval?: string}[];
  };
}
