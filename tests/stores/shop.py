"""A shop that offers bread to those who like it and agreed to offers."""

from tactful.authoring import compile_files

SHOP = """\
name: shop
channels: {web: semi-private}
placements: {page: {channel: web, slots: 3}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
profile: {said: {all: {source: stated, purpose: [offers]}, favourite: text}}
offers:
  all: {intent: sell, topic: food, purpose: offers}
  bread: {when: profile.favourite == "bread", treatments: Your bread}
"""
POLICY = compile_files({"shop.yaml": SHOP.encode()})


def offers(edge, who):
    return [pick.offer for pick in edge.decide("page", who=who).picks]
