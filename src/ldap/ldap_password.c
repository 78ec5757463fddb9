/*
** libldap keeps copies of what it sends in memory that it does not wipe. So it is given a password
** of the same length that is none, and a layer between libldap and TLS puts the real one into the
** message as it passes. From the locked memory of the secret it goes into one buffer, which is
** wiped as soon as the bytes are written.
*/
#include <errno.h>
#include <string.h>

#include "ldap_password.h"
#include "secret.h"

#define STAND_IN 'x'
#define MESSAGE_MAX (LP_SECRET_MAX + 4096) /* with space for the name and what is around it */

typedef struct passage {
  const lp_body *carrier;
  size_t length;       /* of the password */
  size_t size, sent;   /* of the message; size 0: it has not come yet */
  unsigned char ended; /* the bind is through, or was refused */
  char message[MESSAGE_MAX];
} passage;

static void end_passage (passage *p) {
  explicit_bzero(p->message, sizeof p->message);
  p->ended = 1;
}

/*
** The password stands at the end of a simple bind's message (RFC 4511 §4.2: version, name, simple
** [0] OCTET STRING; we send no controls). 0 when it is not there.
*/
static int take_message (passage *p, const char *bytes, size_t n) {
  if (n > sizeof p->message || n < p->length) return 0;
  for (size_t i = n - p->length; i < n; i++)
    if (bytes[i] != STAND_IN) return 0;
  memcpy(p->message, bytes, n);
  p->size = n;
  return p->carrier->copy(p->carrier, p->carrier->head, p->message + n - p->length, p->length) ==
         p->length;
}

/* libldap comes again with the rest when the message went out in part. */
static ber_slen_t pass_write (Sockbuf_IO_Desc *layer, void *bytes, ber_len_t n) {
  passage *p = layer->sbiod_pvt;
  ber_slen_t written;
  if (p->ended) return LBER_SBIOD_WRITE_NEXT(layer, bytes, n);
  if ((p->size == 0 && !take_message(p, bytes, n)) || p->size - p->sent != n) {
    end_passage(p);
    errno = EINVAL;
    return -1;
  }
  written = LBER_SBIOD_WRITE_NEXT(layer, p->message + p->sent, n);
  if (written > 0) p->sent += (size_t)written;
  if (p->sent == p->size) end_passage(p);
  return written;
}

static int pass_setup (Sockbuf_IO_Desc *layer, void *data) {
  layer->sbiod_pvt = data;
  return 0;
}

static int pass_nothing (Sockbuf_IO_Desc *layer) {
  (void)layer;
  return 0;
}

static int pass_control (Sockbuf_IO_Desc *layer, int option, void *data) {
  return LBER_SBIOD_CTRL_NEXT(layer, option, data);
}

static ber_slen_t pass_read (Sockbuf_IO_Desc *layer, void *bytes, ber_len_t n) {
  return LBER_SBIOD_READ_NEXT(layer, bytes, n);
}

int lp_ldap_bind_password (LDAP *handle, const char *dn, const lp_body *carrier) {
  static Sockbuf_IO io = {pass_setup, pass_nothing, pass_control,
                          pass_read,  pass_write,   pass_nothing};
  passage p = {carrier, carrier->secret_length, 0, 0, 0, {0}};
  char stand_in[LP_SECRET_MAX];
  struct berval credentials = {0, stand_in};
  Sockbuf *socket = NULL;
  int code;
  /* a bind without a password succeeds as nobody (RFC 4513 §5.1.2) */
  if (p.length == 0 || p.length > sizeof stand_in || strlen(dn) > MESSAGE_MAX - LP_SECRET_MAX - 64)
    return LDAP_PARAM_ERROR;
  memset(stand_in, STAND_IN, p.length);
  credentials.bv_len = p.length;
  if (ldap_get_option(handle, LDAP_OPT_SOCKBUF, &socket) != LDAP_OPT_SUCCESS || socket == NULL ||
      ber_sockbuf_add_io(socket, &io, LBER_SBIOD_LEVEL_APPLICATION, &p) != 0)
    return LDAP_LOCAL_ERROR;
  code = ldap_sasl_bind_s(handle, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);
  ber_sockbuf_remove_io(socket, &io, LBER_SBIOD_LEVEL_APPLICATION);
  end_passage(&p);
  return code;
}
