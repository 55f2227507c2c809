/* A peer on mbedTLS 2.28: `mbedtls server|client PORT VERSION OWN CA FRAGMENT [OPTIONS]`
 *
 * VERSION is 1 (TLS 1.0) to 3; OWN a file with certificate and key, or `-`; FRAGMENT a code of RFC 6066 §4, or 0.
 * The server answers what it reads; the client connects twice, the second time resuming, and says a line each time.
 * OPTIONS are words in one argument: with `tickets` it takes or gives them; with `renegotiate` the client renegotiates
 * and says another line, and the server, which lets itself be asked then, asks before it answers what ends in `?`.
 */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mbedtls_ssl_config config;
static mbedtls_ssl_session session;
static const char *options = "";

/* A warning is no end. */
static int hear(mbedtls_ssl_context *ssl, unsigned char *text, int length) {
  int n;
  do n = mbedtls_ssl_read(ssl, text, length);
  while (n == MBEDTLS_ERR_SSL_WANT_READ);
  return n;
}

static void ask(mbedtls_ssl_context *ssl, const char *line) {
  unsigned char text[100];
  int n, length = 0;
  mbedtls_ssl_write(ssl, (const unsigned char *) line, strlen(line));
  while ((length == 0 || text[length - 1] != '\n') && (n = hear(ssl, text + length, 99 - length)) > 0)
    length += n;
  text[length] = 0;
  printf("answer %s", (char *) text);
}

static void converse(mbedtls_net_context *net, int server, int again) {
  unsigned char text[20000];
  mbedtls_ssl_context ssl;
  int n;
  mbedtls_ssl_init(&ssl);
  mbedtls_ssl_setup(&ssl, &config);
  if (!server) mbedtls_ssl_set_hostname(&ssl, "localhost");
  if (again) mbedtls_ssl_set_session(&ssl, &session);
  mbedtls_ssl_set_bio(&ssl, net, mbedtls_net_send, mbedtls_net_recv, NULL);
  n = mbedtls_ssl_handshake(&ssl);
  if (n != 0) {
    printf("failed -0x%04x\n", -n);
  } else {
    const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&ssl);
    printf("connected %s %s certificate=%d fragment=%d\n", mbedtls_ssl_get_version(&ssl),
           mbedtls_ssl_get_ciphersuite(&ssl), peer != NULL, (int) mbedtls_ssl_get_input_max_frag_len(&ssl));
    if (server) {
      while ((n = hear(&ssl, text, sizeof text)) > 0) {
        if (n > 1 && memcmp(text + n - 2, "?\n", 2) == 0) printf("asked %d\n", mbedtls_ssl_renegotiate(&ssl));
        for (int at = 0; at < n;) {
          int said = mbedtls_ssl_write(&ssl, text + at, n - at);
          if (said <= 0) break;
          at += said;
        }
      }
    } else {
      ask(&ssl, "stressed\n");
      if (strstr(options, "renegotiate")) {
        printf("renegotiated %d\n", mbedtls_ssl_renegotiate(&ssl));
        ask(&ssl, "drawer\n");
      }
      mbedtls_ssl_get_session(&ssl, &session);
    }
    mbedtls_ssl_close_notify(&ssl);
  }
  mbedtls_ssl_free(&ssl);
}

int main(int count, char **args) {
  if (count < 7) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count > 7) options = args[7];
  int server = strcmp(args[1], "server") == 0, version = atoi(args[3]);
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt ca, own;
  mbedtls_pk_context key;
  mbedtls_ssl_cache_context cache;
  mbedtls_ssl_ticket_context tickets;
  mbedtls_net_context listener, net;
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_x509_crt_init(&ca);
  mbedtls_x509_crt_init(&own);
  mbedtls_pk_init(&key);
  mbedtls_ssl_cache_init(&cache);
  mbedtls_ssl_session_init(&session);
  mbedtls_ssl_config_init(&config);
  mbedtls_net_init(&listener);
  mbedtls_net_init(&net);
  mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0);
  mbedtls_ssl_config_defaults(&config, server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                              MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  mbedtls_ssl_conf_min_version(&config, 3, version);
  mbedtls_ssl_conf_max_version(&config, 3, version);
  if (mbedtls_x509_crt_parse_file(&ca, args[5])) return 2;
  mbedtls_ssl_conf_ca_chain(&config, &ca, NULL);
  mbedtls_ssl_conf_authmode(&config, server ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_REQUIRED);
  if (strcmp(args[4], "-") != 0) {
    if (mbedtls_x509_crt_parse_file(&own, args[4]) || mbedtls_pk_parse_keyfile(&key, args[4], NULL)) return 2;
    mbedtls_ssl_conf_own_cert(&config, &own, &key);
  }
  mbedtls_ssl_conf_session_tickets(&config, strstr(options, "tickets") != NULL);
  mbedtls_ssl_ticket_init(&tickets);
  mbedtls_ssl_ticket_setup(&tickets, mbedtls_ctr_drbg_random, &random, MBEDTLS_CIPHER_AES_256_GCM, 3600);
  if (server && strstr(options, "tickets"))
    mbedtls_ssl_conf_session_tickets_cb(&config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tickets);
  mbedtls_ssl_conf_renegotiation(&config, strstr(options, "renegotiate") != NULL);
  if (atoi(args[6])) mbedtls_ssl_conf_max_frag_len(&config, atoi(args[6]));
  if (!server) {
    for (int i = 0; i < 2; i++) {
      if (mbedtls_net_connect(&net, "127.0.0.1", args[2], MBEDTLS_NET_PROTO_TCP)) return 2;
      converse(&net, 0, i);
      mbedtls_net_free(&net);
    }
    return 0;
  }
  mbedtls_ssl_conf_session_cache(&config, &cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
  if (mbedtls_net_bind(&listener, "127.0.0.1", args[2], MBEDTLS_NET_PROTO_TCP)) return 2;
  printf("listening\n");
  while (mbedtls_net_accept(&listener, &net, NULL, 0, NULL) == 0) {
    converse(&net, 1, 0);
    mbedtls_net_free(&net);
  }
  return 0;
}
