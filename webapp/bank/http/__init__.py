"""A bank over HTTP: the three protocols for any bank that offers the interface described in docs/bank-api.yaml.

`CORE_BANKING=webapp.bank.http.bank:connect` and `ORDER_DESK=webapp.bank.http.order_desk:connect` with `BANK_URL` and
`BANK_TOKEN`.
"""
