"""Kiosks without a network: a store's pack is made, opened and decided from; what happens there waits for the centre.

A pack holds the customers and attributes that one device may know, encrypted for it, signed, and for some days. Here
are the file, its key, its age, and the store of a kiosk around it. What enrols devices, brings packs to them and takes
them back is no part of this.
"""
