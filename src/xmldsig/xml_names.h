/* Namespaces and the names of algorithms that are needed beyond their table (xml_algorithms.c). */
#ifndef LP_XML_NAMES_H
#define LP_XML_NAMES_H

#define LP_NS_XML "http://www.w3.org/XML/1998/namespace"
#define LP_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define LP_NS_ENC "http://www.w3.org/2001/04/xmlenc#"
#define LP_NS_ENC11 "http://www.w3.org/2009/xmlenc11#"
#define LP_NS_METADATA "urn:oasis:names:tc:SAML:2.0:metadata"

/* The namespace of its parameter too. */
#define LP_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define LP_ENVELOPED LP_NS_DSIG "enveloped-signature"

#endif
