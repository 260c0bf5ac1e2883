/** The file by which a coordinator or a worker is let in by a server: JSON, written by `lanewise cluster init`. */

/** What one who takes part in a cluster connects with. */
export interface Credentials {
  /** `tls://host:4222` */
  readonly url: string;
  /** The name under which it speaks, which the server holds it to. */
  readonly user: string;
  /** The secret half of its key: `SU…`. */
  readonly seed: string;
  /** The authority's certificate, in PEM: the server has to have one of it. */
  readonly ca: string;
}
