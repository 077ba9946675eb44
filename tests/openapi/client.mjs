// A client of the HTTP API, generated from its document: every path, parameter and answer below is
// checked against it by the compiler (./check_types). Posts with an id of its own, so that a request
// whose answer was lost can be sent again.
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";

/** @typedef {import("./generated/marginalia.d.ts").paths} Paths */
/** @typedef {import("./generated/marginalia.d.ts").components["schemas"]["Comment"]} Comment */

export class Marginalia {
  /**
   * @param {string} baseUrl
   * @param {string} token
   */
  constructor(baseUrl, token) {
    /** @type {import("openapi-fetch").Client<Paths>} */
    this.api = createClient({ baseUrl, headers: { authorization: `Bearer ${token}` } });
  }

  /**
   * @param {string} invoice
   * @param {string} body
   */
  async post(invoice, body) {
    const { data, error, response } = await this.api.POST("/api/invoices/{id}/comments", {
      params: { path: { id: invoice } },
      body: { id: randomUUID(), body },
    });
    if (error) throw new Error(`${error.reason}: ${error.detail}`);
    return { comment: data.comment, token: data.consistencyToken, place: response.headers.get("location") };
  }

  /**
   * Newest first, however many there are.
   * @param {string} invoice
   */
  async *comments(invoice, limit = 100) {
    let cursor = "";
    do {
      const { data, error } = await this.api.GET("/api/invoices/{id}/comments", {
        params: { path: { id: invoice }, query: { cursor, limit } },
      });
      if (error) throw new Error(`${error.reason}: ${error.detail}`);
      yield* data.comments;
      cursor = data.nextCursor;
    } while (cursor !== "");
  }

  /**
   * @param {string} invoice
   * @param {string} commentId
   * @returns {Promise<Comment | undefined>} nothing when there is none
   */
  async comment(invoice, commentId) {
    const { data, error } = await this.api.GET("/api/invoices/{id}/comments/{commentId}", {
      params: { path: { id: invoice, commentId } },
    });
    if (error && error.status !== 404) throw new Error(`${error.reason}: ${error.detail}`);
    return data?.comment;
  }

  /**
   * The invoice with its counts, no older than a token.
   * @param {string} invoice
   * @param {string} token
   */
  async invoice(invoice, token) {
    const { data, error } = await this.api.GET("/api/invoices/{id}", {
      params: { path: { id: invoice }, query: { consistency: token } },
    });
    if (error) throw new Error(`${error.reason}: ${error.detail}`);
    return data;
  }
}
