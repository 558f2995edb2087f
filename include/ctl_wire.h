/*
 * ctl_wire.h - what amityd and amityctl agree on: where the socket is, how long a line may be, what errors mean.
 *
 * JSON-RPC 2.0, one message a line, over a UNIX stream socket. Batches are not taken. A request is answered before the
 * next of the same client is looked at.
 *   -> {"jsonrpc":"2.0","id":1,"method":"explain","params":{"company":"acme","from":"alice","to":"101"}}
 *   <- {"jsonrpc":"2.0","id":1,"result":{...}}
 *   <- {"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"...","data":{"problems":[...]}}}
 */
#ifndef AMITY_CTL_WIRE_H
#define AMITY_CTL_WIRE_H

#define CTL_SOCKET_DEFAULT	     "/run/amity/amity.sock"
#define CTL_READ_ONLY_SUFFIX	     ".ro"	  /* the second socket stands beside the first */
#define CTL_LINE_BYTES_MAX	     (256u << 20) /* a provisioning document of 1,000,000 users is about 100 MB */
#define CTL_LINE_BYTES_MAX_READ_ONLY (1u << 20)
#define CTL_CLIENTS_MAX		     32
#define CTL_SILENT_MS_MIN	     1000  /* silent for less, a client does not make room for another */
#define CTL_LINE_TIMEOUT_MS	     60000 /* from the first byte of a request to its end: 256 MiB take some seconds */
#define CTL_WRITE_TIMEOUT_MS	     30000 /* a client that takes nothing of its answer for so long is gone */
#define CTL_ID_BYTES_MAX	     256   /* an "id" is repeated in the answer */

/* "code" of an error. The negative ones are JSON-RPC's own. */
enum ctl_error {
	CTL_ERROR_PARSE = -32700,
	CTL_ERROR_REQUEST = -32600,
	CTL_ERROR_METHOD = -32601,
	CTL_ERROR_PARAMS = -32602,
	CTL_ERROR_INTERNAL = -32603,
	CTL_ERROR_REFUSED = 1,	 /* understood, but the answer is no: data.problems says why */
	CTL_ERROR_NOT_FOUND = 2, /* a company, endpoint or carrier of that name does not exist */
	CTL_ERROR_READ_ONLY = 3, /* the method changes something and this socket does not allow it */
	CTL_ERROR_TOO_MUCH = 4,	 /* line too long, too many clients */
	CTL_ERROR_NO_ROUTER = 5, /* amityctl's own: nobody answers */
};

#endif
