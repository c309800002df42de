"""Names of the claims in service account tokens that live in Secrets. Source: pkg/serviceaccount/legacy.go."""

ISSUER = "kubernetes/serviceaccount"
NAMESPACE = "kubernetes.io/serviceaccount/namespace"
SECRET = "kubernetes.io/serviceaccount/secret.name"  # a claim's name
ACCOUNT = "kubernetes.io/serviceaccount/service-account.name"
ACCOUNT_UID = "kubernetes.io/serviceaccount/service-account.uid"
